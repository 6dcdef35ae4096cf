/** `pin` and `drift`: the commands that keep digests in files. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { collect, configOption, outputOption, type Result } from './command-options.ts';
import type { Terminal } from './terminal.ts';

export function addPin(program: Command, result: Result, terminal: Terminal): void {
  program
    .command('pin')
    .description('write the digest beside the tag of every image in files; without --write, show the diff')
    .argument(
      '<FILE|FOLDER|-...>',
      'manifests, kustomizations, Compose files, Dockerfiles, Helm values; "-" is standard input',
    )
    .addOption(configOption())
    .option('-w, --write', 'change the files in place: nothing but the images in them')
    .addOption(
      new Option('--check', 'ask no registry: exit 1 when an image has no digest, and say where').conflicts([
        'write',
        'update',
        'lock',
        'platform',
      ]),
    )
    .option('--update', 'ask again for images that have a tag and a digest, and show which tags have moved')
    .option('--lock <FILE>', 'digests of earlier runs, YAML or JSON: read first; with --write new ones are added')
    .addOption(
      new Option('--platform <OS/ARCH[/VARIANT]>', 'refuse images that are not built for it; repeatable').argParser(
        collect,
      ),
    )
    .addOption(helmImageOption())
    .addOption(pullSecretOption())
    .addOption(outputOption('pin'))
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
An image becomes NAME:TAG@sha256:…, in your own spelling; one without a tag gets the tag that it means, latest.
In a kustomization the digest goes into the field "digest", or behind the tag in the manifest where an entry only renames the
image: it is always that of the image that kustomize builds. Patches are read, in files and inline. In Helm values that are a
map it goes into "digest" where there is such a key, else behind the tag. In a Dockerfile, FROM, COPY --from=,
RUN --mount=from= and the directive "syntax" are read. Where a tag comes from an ARG, the digest goes there if no other image and
no stage uses that ARG.

Examples:
  tidewaiter pin deploy/                                  the diff, as "git apply" takes it
  tidewaiter pin deploy/ --write                          the same, into the files
  tidewaiter pin deploy/ Dockerfile --check               in a pipeline: exit 1 when something has no digest
  tidewaiter pin deploy/ --update --write                 the present digests of tags that have moved
  tidewaiter pin deploy/ --write --lock images.lock.yaml  the same digests on every machine
  tidewaiter pin values.yaml --helm-image /image --helm-image '/sidecars/*/image'
  tidewaiter pin deploy/ --platform linux/amd64 --platform linux/arm64

Exit codes: 0 done, or nothing to do; 1 something has no digest (--check), or has drifted and was not written (--update);
2 something could not be done: the rest is done all the same.`;

export function addDrift(program: Command, result: Result, terminal: Terminal): void {
  program
    .command('drift')
    .description('list pinned images whose tag means another digest by now, or whose digest is gone')
    .argument('<FILE|FOLDER|-...>', 'the same files as of pin; "-" is standard input')
    .addOption(configOption())
    .addOption(helmImageOption())
    .addOption(pullSecretOption())
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
Examples:
  tidewaiter drift deploy/                              what has moved since it was pinned
  kubectl get deploy -A -o yaml | tidewaiter drift -    the same for what runs
  tidewaiter pin deploy/ --update --write               and then follow the tags

Exit codes: 0 none has drifted, 1 some have, 2 of some that could not be told.`;

const pullSecretOption = (): Option =>
  new Option(
    '--pull-secret <FILE>',
    'Secret manifest to pull with, repeatable (default: as docker is logged in)',
  ).argParser(collect);

const helmImageOption = (): Option =>
  new Option(
    '--helm-image <POINTER>',
    'where images stand in Helm values, as a JSON pointer, "*" is everything; repeatable',
  ).argParser((value: string, before: readonly string[] | undefined) => collect(pointer(value), before));

function pointer(value: string): string {
  if (!value.startsWith('/')) throw new InvalidArgumentError('It must be a JSON pointer, for example /image.');
  return value;
}
