"""What a pipeline costs a month, line by line.

Arithmetic on decimals: only `cost.registered` knows Pulumi, to run the program and list what it
registers.

    pipeline = read_pipeline(registered_resources(Path("."), stack="dev"))
    print(bill(pipeline, Workload(files=25_000), Prices.load()).month().listed)
"""
