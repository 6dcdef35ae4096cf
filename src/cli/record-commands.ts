/** The command-line definitions of `import-audit` and `record`. */
import { type Command, Option } from 'commander';
import { ORIGIN_OBJECTS } from '../recording/origin.ts';
import { clusterOptions, collect, configOption, namespaceNames, outputOption, type Result } from './command-options.ts';
import type { Terminal } from './terminal.ts';

const outOption = (): Option =>
  new Option('--out <DIR>', 'Directory for the recording; it must be new or empty').makeOptionMandatory();

const redactOption = (): Option =>
  new Option(
    '--redact <FIELD>',
    'Also remove the values of fields with this name from the recording; repeatable',
  ).argParser(collect);

const eachOption = (byDefault: 'shape' | 'review'): Option =>
  new Option(
    '--each <WHAT>',
    'What gets a line: each review, or each shape (reviews that differ only in UIDs, times, and generated names are counted)',
  )
    .choices(['shape', 'review'])
    .default(byDefault);

const saidOptions = (): readonly Option[] => [
  new Option(
    '--reports <FILE|DIR>',
    'Policy reports (of Kyverno and others) and Gatekeeper constraints: also record what they say; repeatable',
  ).argParser(collect),
  new Option('--cluster-reports', 'Also record what policy reports and constraints in the cluster say'),
];

const factOptions = (): readonly Option[] => [
  new Option('--registry', 'Also look up the images in their registries, with the credentials of nodes and Pods'),
  new Option(
    '-p, --policy <FILE|DIR>',
    'Also look up what these policies need, such as the names that images get by rewrite; repeatable',
  ).argParser(collect),
];

export function addImportAudit(program: Command, result: Result, terminal: Terminal): void {
  const command = program
    .command('import-audit')
    .description('Convert API server audit logs to a recording for replay')
    .argument('<FILE|DIR|-...>', 'Audit logs, plain or compressed with gzip or zstd; "-" is standard input')
    .addOption(outOption())
    .addOption(configOption())
    .addOption(
      new Option(
        '--object <WHICH>',
        'Object to record if an event has both: stored (after API defaults and admission) or sent (as the client sent it)',
      )
        .choices(ORIGIN_OBJECTS)
        .default('stored'),
    )
    .addOption(eachOption('shape'))
    .addOption(redactOption());
  for (const option of [...saidOptions(), ...clusterOptions(), ...factOptions()]) command.addOption(option);
  command
    .addOption(outputOption('import-audit'))
    .addHelpText('after', IMPORT_EXAMPLES)
    .action(async (paths, flags) => {
      const { importAudit } = await import('./record/import-audit.ts');
      result.code = await importAudit(paths, flags, terminal);
    });
}

const IMPORT_EXAMPLES = `
Examples:
  # Convert a log and its rotated files, then evaluate the recording
  tidewaiter import-audit /var/log/kubernetes/ --out recording/
  tidewaiter replay recording/ -p policies/

  # Also record what Kyverno or Gatekeeper says about the objects, and facts of today
  tidewaiter import-audit audit.log --out recording/ --context production --cluster-reports

  # Convert what another program exports
  zstd -dc audit.json.zst | tidewaiter import-audit - --out recording/

Exit codes: 0 reviews were recorded; 2 a file cannot be read, no event became a
review, or Ctrl-C ended the command; what was read is recorded. The table of
events that were not recorded does not change the exit code`;

export function addRecord(program: Command, result: Result, terminal: Terminal): void {
  const command = program
    .command('record')
    .description('Record what runs in a cluster as reviews that create it, for replay')
    .option('--from-cluster', 'Read all objects with images from a cluster')
    .addOption(outOption())
    .addOption(configOption())
    .addOption(
      new Option(
        '-n, --namespace <NAME>',
        'Only these namespaces, separated by commas; repeatable (default: all, and cluster-scoped objects)',
      ).argParser(namespaceNames),
    );
  for (const option of [...clusterOptions(), ...saidOptions()]) command.addOption(option);
  command.option('--owned', 'Also record objects whose controller is recorded, such as the Pods of a Deployment');
  for (const option of factOptions()) command.addOption(option);
  command
    .addOption(eachOption('review'))
    .addOption(redactOption())
    .addOption(outputOption('record'))
    .addHelpText('after', RECORD_EXAMPLES)
    .action(async (flags) => {
      const { record } = await import('./record/record.ts');
      result.code = await record(flags, terminal);
    });
}

const RECORD_EXAMPLES = `
Examples:
  # Record a cluster, and see what policies would deny in it
  tidewaiter record --from-cluster --context production --out recording/
  tidewaiter replay recording/ -p policies/ --all

Exit codes: 0 everything was recorded; 2 a kind cannot be listed, a fact of the
cluster is unknown, nothing was found, or Ctrl-C ended the command; the rest is
recorded`;
