/** The command-line definitions of `pin` and `drift`. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { PINNABLE_FILES } from '../files/image-locations/titles.ts';
import { DAY_MS } from '../go/date.ts';
import type { AgeLimit } from '../pinning/ages.ts';
import { PIN_GROUPINGS } from '../report/pin-groups.ts';
import { collect, configOption, ignoreOption, namespaceName, outputOption, type Result } from './command-options.ts';
import type { Terminal } from './terminal.ts';

export function addPin(program: Command, result: Result, terminal: Terminal): void {
  const command = program
    .command('pin')
    .description('Pin images in files to digests, and write the names of mirrors; without --write, print a diff')
    .argument('<FILE|DIR|-...>', `${PINNABLE_FILES}; "-" is standard input`)
    .addOption(configOption())
    .option('-w, --write', 'Update the files in place; only images change')
    .addOption(
      new Option(
        '--check',
        'Report images without a digest and exit with 1; send no requests, except for --rewrite',
      ).conflicts(['write', 'update', 'lock', 'platform']),
    );
  for (const option of [...updateOptions(), ...rewriteOptions()]) command.addOption(option);
  command
    .option('--lock <FILE>', 'Lock file with known digests, YAML or JSON; with --write, new digests are added')
    .addOption(
      new Option(
        '--platform <OS/ARCH[/VARIANT]>',
        'Fail for images that are not built for this platform; repeatable',
      ).argParser(collect),
    )
    .addOption(helmImageOption())
    .addOption(pullSecretOption())
    .addOption(ignoreOption())
    .option(
      '--skip-foreign',
      'Skip files without images also if they are arguments; for commit hooks, which pass all changed files',
    )
    .addOption(outputOption('pin'))
    .addOption(groupOption())
    .addHelpText('after', PIN_EXAMPLES)
    .action(async (paths, flags) => {
      const [{ pin }, { registryFor }] = await Promise.all([
        import('./pin/pin.ts'),
        import('./pin/registry-lookups.ts'),
      ]);
      result.code = await pin(paths, flags, { terminal, registryFor });
    });
}

const PIN_EXAMPLES = `
An image becomes NAME:TAG@sha256:…; the name keeps its spelling, and an image
without a tag gets the default tag, latest.
  Kustomizations  The digest is that of the image that kustomize builds. It goes
                  into the field "digest" of the entry in "images", or after the
                  tag in the manifest if the entry only renames the image.
                  Patches are included.
  Helm values     The digest goes into the key "digest" if the image is a map
                  that has one, otherwise after the tag.
  Dockerfiles     FROM, COPY --from=, RUN --mount=from=, and the "syntax"
                  directive are pinned. If a tag comes from an ARG, the digest
                  goes into the ARG, unless another image or a stage uses it.

With --rewrite, images first get the names that "rewrite" in the policies gives
them, with the same lookups as in a cluster; then their digests.

Examples:
  # Print a diff for "git apply"
  tidewaiter pin deploy/

  # Update the files
  tidewaiter pin deploy/ --write

  # In CI, exit with 1 if an image has no digest
  tidewaiter pin deploy/ Dockerfile --check

  # Update to the digests that tags point to today
  tidewaiter pin deploy/ --update --write

  # Update what is older than a month, to images that are at least three days old
  tidewaiter pin deploy/ --update --write --max-age 30d --min-age 3d

  # Update only the images of one team
  tidewaiter pin deploy/ --update --write --only 'ghcr.io/acme/**'

  # Pin the same digests on every machine
  tidewaiter pin deploy/ --write --lock images.lock.yaml

  # Pin images in Helm values
  tidewaiter pin values.yaml --helm-image /image --helm-image '/sidecars/*/image'

  # Write the names of mirrors, and the digests
  tidewaiter pin deploy/ --rewrite --policy policies/ --write

  # Fail for images that lack a platform
  tidewaiter pin deploy/ --platform linux/amd64 --platform linux/arm64

Exit codes: 0 success; 1 an image has no digest (--check) or would get another
name (--check --rewrite), or has drifted and was not written (--update without
--write); 2 an image cannot be pinned or rewritten, or an input is unreadable
(the other images are written)`;

export function addDrift(program: Command, result: Result, terminal: Terminal): void {
  program
    .command('drift')
    .description('List pinned images that have drifted, and images that differ at a mirror')
    .argument('<FILE|DIR|-...>', 'The same kinds of files as for pin; "-" is standard input')
    .addOption(configOption())
    .addOption(
      new Option(
        '-p, --policy <FILE|DIR>',
        'Policies with "rewrite": compare images with those of their mirrors; repeatable',
      ).argParser(collect),
    )
    .addOption(
      new Option('--plugin <FILE>', 'Module with rules that these policies use; repeatable').argParser(collect),
    )
    .addOption(
      new Option(
        '-n, --namespace <NAME>',
        'Namespace of objects that do not specify one, for the scopes of policies (default: "default")',
      ).argParser(namespaceName),
    )
    .addOption(helmImageOption())
    .addOption(pullSecretOption())
    .addOption(ignoreOption())
    .addOption(outputOption('drift'))
    .addHelpText('after', DRIFT_EXAMPLES)
    .action(async (paths, flags) => {
      const [{ drift }, { registryFor }] = await Promise.all([
        import('./pin/drift.ts'),
        import('./pin/registry-lookups.ts'),
      ]);
      result.code = await drift(paths, flags, { terminal, registryFor });
    });
}

const DRIFT_EXAMPLES = `
An image has drifted if its tag has moved, or if its tag or digest no longer
exists. With policies that have "rewrite", from --policy or the configuration,
each tag, pinned or not, is also compared with the same tag at its mirrors.

Examples:
  # List the images in files that have drifted
  tidewaiter drift deploy/

  # List the running images that have drifted
  kubectl get deployments -A -o yaml | tidewaiter drift -

  # Also list tags that have another digest at a mirror
  tidewaiter drift deploy/ --policy policies/

  # Update the files to the current digests
  tidewaiter pin deploy/ --update --write

Exit codes: 0 no drift; 1 drift, or an image differs at a mirror; 2 unknown for
some images, or an input is unreadable`;

const pullSecretOption = (): Option =>
  new Option(
    '--pull-secret <FILE>',
    'Secret manifest with pull credentials; repeatable (default: Docker credentials)',
  ).argParser(collect);

const helmImageOption = (): Option =>
  new Option(
    '--helm-image <POINTER>',
    'JSON Pointer to images in Helm values; "*" matches every key; repeatable',
  ).argParser((value: string, before: readonly string[] | undefined) => collect(pointer(value), before));

function pointer(value: string): string {
  if (!value.startsWith('/')) throw new InvalidArgumentError('expected a JSON Pointer, for example /image');
  return value;
}

const groupOption = (): Option =>
  new Option('--group <WHAT>', 'How to group the changes in markdown output (default: one table)').choices(
    PIN_GROUPINGS,
  );

const HOUR_MS = 3_600_000;
const AGE_UNITS: ReadonlyMap<string | undefined, number> = new Map([
  ['h', HOUR_MS],
  ['d', DAY_MS],
  ['w', 7 * DAY_MS],
]);

function ageOf(text: string): AgeLimit {
  const [, amount, unit] = /^([1-9]\d{0,4})([hdw])$/.exec(text) ?? [];
  const unitMs = AGE_UNITS.get(unit);
  if (unitMs === undefined)
    throw new InvalidArgumentError('expected hours, days, or weeks, for example 12h, 30d, or 4w');
  return { text, ms: Number(amount) * unitMs };
}

const rewriteOptions = (): readonly Option[] => [
  new Option('--rewrite', 'Write the names that "rewrite" in the policies gives images, then pin them'),
  new Option('-p, --policy <FILE|DIR>', 'With --rewrite: policy file or directory; repeatable').argParser(collect),
  new Option('--plugin <FILE>', 'With --rewrite: module with rules that these policies use; repeatable').argParser(
    collect,
  ),
  new Option(
    '-n, --namespace <NAME>',
    'With --rewrite: namespace of objects that do not specify one, for the scopes of policies (default: "default")',
  ).argParser(namespaceName),
  new Option(
    '--offline',
    'Send no requests: only rewrites with "when: always", and only digests in the lock file',
  ).conflicts(['update', 'platform']),
];

const updateOptions = (): readonly Option[] => [
  new Option(
    '--update',
    'Look up tags again even if a digest is present; with --write, update moved digests, otherwise exit with 1',
  ),
  new Option(
    '--max-age <AGE>',
    'With --update: only update digests of images that were built longer ago than this, for example 30d',
  ).argParser(ageOf),
  new Option(
    '--min-age <AGE>',
    'With --update: wait until the image of the new digest was built this long ago, for example 3d',
  ).argParser(ageOf),
  new Option('--only <PATTERN>', 'Only look up and change images that match a pattern; repeatable')
    .argParser(collect)
    .conflicts('check'),
];
