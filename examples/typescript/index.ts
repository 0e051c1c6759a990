// A pipeline for the files of partners. `pulumi install`, then `pulumi up`.
import * as scalper from "@silent-scalper/silent-scalper";

const intake = new scalper.SilentScalperPipeline("intake", {
  alertEmails: ["you@example.com"],
  emailOn: scalper.EmailOn.FAILURES,
  acceptedTypes: ["csv", "json"],
  maxSizeBytes: 100_000_000,
  // To try it out: `pulumi destroy` removes the files too. Leave it out for your own.
  protectData: false,
});

// The names with _ are those that the Python examples export.
export const input_bucket = intake.inputBucket;
export const quarantine_bucket = intake.quarantineBucket;
export const metadata_table = intake.metadataTable;
