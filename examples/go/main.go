// A pipeline for the files of partners. `pulumi install`, then `pulumi up`.
package main

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/you/silent-scalper/sdk/go/silentscalper"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		emailOn := silentscalper.EmailOnFAILURES
		intake, err := silentscalper.NewSilentScalperPipeline(ctx, "intake",
			&silentscalper.SilentScalperPipelineArgs{
				AlertEmails:   []string{"you@example.com"},
				EmailOn:       &emailOn,
				AcceptedTypes: []string{"csv", "json"},
				MaxSizeBytes:  pulumi.IntRef(100_000_000),
				// To try it out: `pulumi destroy` removes the files too. Leave it out for your own.
				ProtectData: pulumi.BoolRef(false),
			})
		if err != nil {
			return err
		}
		ctx.Export("input_bucket", intake.InputBucket)
		ctx.Export("quarantine_bucket", intake.QuarantineBucket)
		ctx.Export("metadata_table", intake.MetadataTable)
		return nil
	})
}
