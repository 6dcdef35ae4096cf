/** Options that several commands share. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { FAIL_ON, type FailOn } from '../report/check.ts';
import { formatsFor, isFormatFor, type ReportCommand } from '../report/index.ts';
import { isPlainUrl } from '../report/source-links.ts';
import type { ExtraReport } from './extra-reports.ts';
import { defaultText, type Flag, optionOf, type ValueSchema } from '../config/key.ts';
import { KEYS, ROWS } from '../config/keys.ts';
import { dayStart } from '../go/date.ts';
import { orValues } from '../image/or-list.ts';
import { parseReference } from '../image/reference.ts';
import { isName, LABEL } from '../policy/name-language.ts';

/** Receives the exit code of the command that runs. */
export type Result = { code: number };

export const collect = (value: string, before: readonly string[] | undefined): readonly string[] => [
  ...(before ?? []),
  value,
];

function nonEmpty(value: string): string {
  if (value !== '') return value;
  throw new InvalidArgumentError('the path is empty');
}

/** Policies match namespaces by name, so an impossible name would match nothing. */
export function namespaceName(value: string): string {
  if (isName(value, LABEL)) return value;
  throw new InvalidArgumentError('expected at most 63 lowercase letters, digits, and inner hyphens');
}

/** `shop,payments`, also repeated. */
export function namespaceNames(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...new Set([...(before ?? []), ...value.split(',').map(namespaceName)])];
}

/** `--fail-on warn --fail-on nothing`, or `--fail-on warn,nothing`. */
export function levelsOf(value: string, before: readonly FailOn[]): readonly FailOn[] {
  const levels = value.split(',').map((text) => FAIL_ON.find((level) => level === text));
  if (levels.some((level) => level === undefined)) throw new InvalidArgumentError(`expected ${orValues(FAIL_ON)}`);
  const all = [...before, ...levels.filter((level) => level !== undefined)];
  // The default is the first of the list, and never replaces it.
  const given = all.slice(1);
  if (given.includes('never') && given.some((level) => level !== 'never'))
    throw new InvalidArgumentError('never cannot be combined with other levels');
  return all;
}

/** Rejects empty paths, which come from unset variables in scripts. */
export function requirePaths(command: Command): void {
  for (const option of command.options) {
    const { flags, parseArg, variadic, defaultValue } = option;
    if (!takesFile(flags)) continue;
    const parse = parseArg ?? (variadic ? several(defaultValue) : undefined);
    option.argParser((value: string, before: unknown) => parse?.(nonEmpty(value), before) ?? nonEmpty(value));
  }
  for (const argument of command.registeredArguments) {
    const { variadic, defaultValue } = argument;
    if (!takesFile(argument.name())) continue;
    const parse = variadic ? several(defaultValue) : (value: string): unknown => value;
    argument.argParser((value: string, before: unknown) => parse(nonEmpty(value), before));
  }
}

/** Collects values as commander does: the first value replaces the default. */
function several(defaultValue: unknown): (value: string, before: unknown) => readonly unknown[] {
  return (value, before) => (before === defaultValue || !Array.isArray(before) ? [value] : [...before, value]);
}

export function takesFile(placeholder: string): boolean {
  return /FILE|DIR/.test(placeholder);
}

/** The option of a key of the configuration. */
export function configuredBy({ flag, schema }: { readonly flag: Flag; readonly schema: ValueSchema }): Option {
  const { short, value, help, isRepeatable } = flag;
  const byDefault = defaultText(schema);
  const option = new Option(
    `${short === undefined ? '' : `-${short}, `}${optionOf(flag)} <${value}>`,
    byDefault === undefined ? help : `${help} (default: ${byDefault})`,
  );
  return isRepeatable ? option.argParser(collect) : option;
}

/** Those of all keys that have one. */
export function serverOptions(): readonly Option[] {
  return [...ROWS.values()].flatMap(({ flag, schema }) => (flag === undefined ? [] : [configuredBy({ flag, schema })]));
}

/** `what`: the description, without its default. */
export const imageOption = (what: string): Option =>
  new Option('--image <REF>', `${what} (default: the image of this version)`).argParser(imageReference);

function imageReference(value: string): string {
  const parsed = parseReference(value);
  if (parsed.ok) return value;
  throw new InvalidArgumentError(`expected an image reference: ${parsed.problem}`);
}

export function claimName(value: string): string {
  if (value.length <= MAX_CLAIM_NAME && CLAIM_NAME.test(value)) return value;
  throw new InvalidArgumentError('expected the name of a PersistentVolumeClaim');
}

const MAX_CLAIM_NAME = 253;
const CLAIM_NAME = /^[a-z0-9](?:[-.a-z0-9]*[a-z0-9])?$/;

export const policyOption = (): Option => configuredBy(KEYS.policies);

export const pluginOption = (): Option => configuredBy(KEYS.plugins);

export const configOption = (): Option =>
  new Option('-c, --config <FILE>', 'Configuration file (default: tidewaiter.yaml, if it exists)');

export const namespaceOption = (): Option =>
  new Option(
    '-n, --namespace <NAME>',
    'Namespace for objects that do not specify one (default: that of the context with --cluster, otherwise "default")',
  ).argParser(namespaceName);

/** The ServiceAccount of new Pods, for commands that have no Pod. */
export const accountOptions = (): readonly Option[] => [
  ...clusterOptions(),
  new Option(
    '-n, --namespace <NAME>',
    'With --cluster: namespace of the ServiceAccount (default: that of the context)',
  ).argParser(namespaceName),
  new Option('--service-account <NAME>', 'With --cluster: ServiceAccount whose pull secrets apply (default: default)'),
];

/** For commands, --cluster is a switch: the files that follow it are not its value. */
export const clusterOptions = (): readonly Option[] => [
  new Option(
    '--cluster',
    'Read objects from the cluster of the current context; implied by --context and --kubeconfig',
  ),
  configuredBy(KEYS.context),
  configuredBy(KEYS.kubeconfig),
];

/** Milliseconds since 1970. */
function dayOf(value: string): number {
  const start = dayStart(value);
  if (start === undefined) throw new InvalidArgumentError('expected a date, YYYY-MM-DD');
  return start;
}

export const nowOption = (): Option =>
  new Option(
    '--now <DATE>',
    'Evaluate as of this date, YYYY-MM-DD, for example to test when exceptions expire (default: today)',
  ).argParser(dayOf);

export function outputOption(command: ReportCommand): Option {
  const formats = formatsFor(command);
  return new Option('-o, --output <FORMAT>', 'Output format').choices(formats).default(formats[0]);
}

export const reportOption = (): Option =>
  new Option('--report <FORMAT=FILE>', 'Also write the results in this format to a file; repeatable').argParser(
    reportsOf,
  );

function reportsOf(value: string, before: readonly ExtraReport[] = []): readonly ExtraReport[] {
  const [format = '', ...rest] = value.split('=');
  const file = rest.join('=');
  if (file === '' || !isFormatFor('check', format))
    throw new InvalidArgumentError(`expected FORMAT=FILE with the format ${orValues(formatsFor('check'))}`);
  return [...before, { format, file }];
}

export const linkBaseOption = (): Option =>
  new Option(
    '--link-base <URL>',
    'In HTML: address of the current directory at a code host, for links to files (default: as GitHub Actions and GitLab CI state it)',
  ).argParser(plainUrlOf);

function plainUrlOf(value: string): string {
  if (isPlainUrl(value)) return value;
  throw new InvalidArgumentError(
    'expected an http or https URL without user name, "?", and "#", for example https://github.com/example/deploy/blob/main',
  );
}

export const ignoreOption = (): Option =>
  new Option('--no-ignore', 'Also read what .gitignore, .tidewaiterignore, and "ignore" of the configuration exclude');

export const foreignOptions = (): readonly Option[] => [
  new Option(
    '--strict',
    'In directories, report files that cannot be evaluated as errors, also those without Kubernetes objects',
  ).conflicts('skipForeign'),
  new Option(
    '--skip-foreign',
    'Skip files without Kubernetes objects also if they are arguments; for commit hooks, which pass all changed files',
  ),
];

export const renderOptions = (): readonly Option[] => [
  new Option('--helm', 'Render Helm charts in directories with the helm command, and check the result'),
  new Option('--kustomize', 'Build kustomizations with kubectl or kustomize, and check the result'),
  new Option('--helm-values <FILE>', 'Values file for the charts, as helm -f; implies --helm; repeatable')
    .argParser(collect)
    .implies({ helm: true }),
  new Option('--helm-set <KEY=VALUE>', 'Value for the charts, as helm --set; implies --helm; repeatable')
    .argParser(collect)
    .implies({ helm: true }),
];

/** Of `check --fix`; `pin` has its own description. */
export const lockOption = (): Option =>
  new Option(
    '--lock <FILE>',
    'With --fix: lock file with known digests, as for pin; with --write, new digests are added',
  );

export const fixOption = (): Option =>
  new Option('--fix', 'Fix findings that need no decision; without --write, print a diff').conflicts([
    'writeBaseline',
    'listFiles',
  ]);

export function textOrJson(description: string): Option {
  return new Option('-o, --output <FORMAT>', description).choices(['text', 'json']).default('text');
}
