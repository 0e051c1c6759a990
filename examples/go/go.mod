module intake-go

go 1.25

require (
	github.com/pulumi/pulumi/sdk/v3 v3.260.0
	github.com/you/silent-scalper/sdk/go v0.0.0-00010101000000-000000000000
)

// `pulumi install` makes this SDK, and adds to this file what it needs.
replace github.com/you/silent-scalper/sdk/go => ./sdks/silent-scalper-silent-scalper
