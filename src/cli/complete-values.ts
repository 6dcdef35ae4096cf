/** What the unfinished word of a command line can be: commands, options, and values, also those of a cluster. */
import type { Argument, Command, Option } from 'commander';
import { optionOf } from '../config/key.ts';
import { ROWS } from '../config/keys.ts';
import { UserError } from '../error/user-error.ts';
import { takesFile } from './command-options.ts';
import { type Place, takesValue, typedOption } from './complete-place.ts';
import type { ClusterNames, TypedFlags } from './complete-cluster.ts';

interface Candidate {
  readonly value: string;
  readonly description: string;
}

export interface Completion {
  readonly candidates: readonly Candidate[];
  /** Whether the shell completes file names. */
  readonly files: boolean;
}

export async function completionAt(place: Place, typed: string): Promise<Completion> {
  const { command, option, args, onlyArguments } = place;
  if (option !== undefined) return valuesOf(option, place);
  if (!onlyArguments && typed.startsWith('-')) return optionAt(place, typed);
  const commands = args.length === 0 && !onlyArguments ? commandsOf(command) : [];
  if (commands.length > 0) return { candidates: commands, files: false };
  return argumentsOf(place, typed);
}

/** An option, or its value after `--output=`. */
async function optionAt(place: Place, typed: string): Promise<Completion> {
  const { command } = place;
  const named = typed.startsWith('--') && typed.includes('=') ? typedOption(command, typed) : undefined;
  if (named !== undefined && takesValue(named.option)) return valuesOf(named.option, place);
  return { candidates: optionsOf(command, typed), files: false };
}

function optionsOf(command: Command, typed: string): readonly Candidate[] {
  const short = /^-[^-]?$/.test(typed);
  return command
    .createHelp()
    .visibleOptions(command)
    .flatMap((option) =>
      [short ? option.short : undefined, option.long].flatMap((value) =>
        value === undefined || value === null ? [] : [{ value, description: option.description }],
      ),
    );
}

function commandsOf(command: Command): readonly Candidate[] {
  if (command.commands.length === 0) return [];
  return command
    .createHelp()
    .visibleCommands(command)
    .map((one) => ({ value: one.name(), description: one.description() }));
}

async function valuesOf(option: Option, place: Place): Promise<Completion> {
  if (option.flags.includes('<RULE')) return { candidates: await ruleNames(), files: false };
  return { candidates: candidatesOf(await valueTexts(option, place)), files: takesFile(option.flags) };
}

/** Texts with whitespace cannot be typed without quotes. */
function candidatesOf(values: readonly string[]): readonly Candidate[] {
  return values.filter((value) => /^[^\p{C}\s]+$/u.test(value)).map((value) => ({ value, description: '' }));
}

/** Options with names in the cluster as values. */
const IN_CLUSTER: Readonly<Record<string, ClusterNames>> = {
  '--namespace': 'namespaces',
  '--only-namespaces': 'namespaces',
  '--probe-namespace': 'namespaces',
  '--service-account': 'serviceaccounts',
};

async function valueTexts(option: Option, place: Place): Promise<readonly string[]> {
  const { long, argChoices } = option;
  const inCluster = IN_CLUSTER[long ?? ''];
  if (inCluster !== undefined) return clusterNames(inCluster, place);
  return long === '--context' ? contextNames(place) : (argChoices ?? configuredValues(option));
}

/** Returns the values of a configuration key; its reader checks them, and not commander. */
function configuredValues({ long }: Option): readonly string[] {
  return [...ROWS.values()].find(({ flag }) => flag !== undefined && optionOf(flag) === long)?.schema.enum ?? [];
}

/** Returns the contexts of the kubeconfig; none if a file cannot be read. */
async function contextNames({ given }: Place): Promise<readonly string[]> {
  const { loadConfig } = await import('../config/config.ts');
  const { kubeconfigFiles, loadKubeconfig } = await import('../cluster/kubeconfig.ts');
  const { config: file, kubeconfig } = typedFlags(given);
  try {
    const { cluster, env, originOf } = (await loadConfig({ config: file, kubeconfig })).config;
    return [...loadKubeconfig(kubeconfigFiles(cluster.kubeconfig, env), originOf).contexts.keys()];
  } catch (error) {
    if (error instanceof UserError) return [];
    throw error;
  }
}

function typedFlags(given: Place['given']): TypedFlags {
  return {
    config: given.get('--config'),
    kubeconfig: given.get('--kubeconfig'),
    context: given.get('--context'),
    namespace: given.get('--namespace'),
  };
}

/** Sends no request unless the command line selects a cluster, or kubectl runs it. */
async function clusterNames(kind: ClusterNames, { command, given, isByKubectl }: Place): Promise<readonly string[]> {
  const has = (flag: string): boolean => command.options.some(({ long }) => long === flag);
  // A command with --context and without --cluster always uses a cluster.
  const isImplied = isByKubectl || (has('--context') && !has('--cluster'));
  if (!isImplied && !['--cluster', '--context', '--kubeconfig'].some((flag) => given.has(flag))) return [];
  const { namesInCluster } = await import('./complete-cluster.ts');
  return namesInCluster(kind, typedFlags(given));
}

async function argumentsOf(place: Place, typed: string): Promise<Completion> {
  const { command, args } = place;
  const { registeredArguments } = command;
  const last = registeredArguments.at(-1);
  const argument = registeredArguments[args.length] ?? (last?.variadic ? last : undefined);
  if (argument === undefined) return { candidates: [], files: false };
  const candidates = [...(await namesFor(command, argument)), ...(await podsFor(place, argument, typed))];
  return { candidates, files: takesFile(argument.name()) };
}

/** Names of arguments that are loaded with the command, so its definition cannot list them. */
const NAMES: Readonly<Record<string, () => Promise<readonly Candidate[]>>> = {
  rule: ruleNames,
  schema: async () => {
    const { SCHEMA_NAMES } = await import('./schema.ts');
    return candidatesOf(SCHEMA_NAMES);
  },
};

async function ruleNames(): Promise<readonly Candidate[]> {
  const { RULES } = await import('../policy/rules/index.ts');
  return RULES.map(({ name, description }) => ({ value: name, description }));
}

async function namesFor(command: Command, { argChoices = [] }: Argument): Promise<readonly Candidate[]> {
  return [...candidatesOf(argChoices), ...((await NAMES[command.name()]?.()) ?? [])];
}

/** Returns the Pods that are not typed yet. A path is the name of no Pod. */
async function podsFor(place: Place, argument: Argument, typed: string): Promise<readonly Candidate[]> {
  if (!argument.name().includes('POD') || /[^a-z0-9.-]/.test(typed)) return [];
  const names = await clusterNames('pods', place);
  return candidatesOf(names.filter((name) => !place.args.includes(name)));
}
