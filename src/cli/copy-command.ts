/** The command-line definition of `copy`. */
import { type Command, Option } from 'commander';
import { collect, configOption, outputOption, policyOption, type Result } from './command-options.ts';
import type { Terminal } from './terminal.ts';

export function addCopy(program: Command, result: Result, terminal: Terminal): void {
  program
    .command('copy')
    .description('List the images that mirrors lack, before "rewrite" of policies makes Pods use them')
    .argument('<FILE|DIR|-...>', 'Manifests, recordings, or AdmissionReviews; "-" is standard input')
    .addOption(new Option('--list', 'Print the list; tidewaiter copies nothing itself').makeOptionMandatory())
    .addOption(configOption())
    .addOption(policyOption())
    .addOption(
      new Option(
        '--pull-secret <FILE>',
        'Secret manifest with pull credentials; repeatable (default: Docker credentials)',
      ).argParser(collect),
    )
    .addOption(outputOption('copy'))
    .addHelpText('after', COPY_EXAMPLES)
    .action(async (paths, flags) => {
      const [{ listCopies }, { registryFor }] = await Promise.all([
        import('./copy/copy.ts'),
        import('./pin/registry-lookups.ts'),
      ]);
      result.code = await listCopies(paths, flags, { terminal, registryFor });
    });
}

const COPY_EXAMPLES = `
Examples:
  # List what the mirrors lack
  tidewaiter copy --list deploy/ -p policies/

  # The same for everything that runs in the cluster, and that was created lately
  tidewaiter record --from-cluster --out recording/
  tidewaiter copy --list recording/ -p policies/

  # Copy it: each line has the source and the target
  tidewaiter copy --list deploy/ -p policies/ -o lines |
    while read -r from to; do
      skopeo copy --all "docker://$from" "docker://$to"
    done

  # A file for skopeo sync --src yaml
  tidewaiter copy --list deploy/ -p policies/ -o yaml

Exit codes: 0 the mirrors have all images; 1 an image is missing, differs, or has an
invalid name; 2 a registry did not tell about some images, or an input is unreadable`;
