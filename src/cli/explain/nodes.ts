/** `tidewaiter explain nodes`: mirror configurations for container runtimes that do what the rewrites of policies do. */
import path from 'node:path';
import { UserError } from '../../error/user-error.ts';
import { quoteValue } from '../../image/quote.ts';
import { CONTAINERD_DIRECTORY, hostsToml, isWholeRegistry, type NodeFile } from '../../node/mirrors/hosts-toml.ts';
import { alsoRewrites, includes, type NodeEntry, nodeEntries, registryName } from '../../node/mirrors/moves.ts';
import { REGISTRIES_CONF, registriesConf } from '../../node/mirrors/registries-conf.ts';
import { paint, type Paint } from '../../report/paint.ts';
import { wrap } from '../../report/wrap.ts';
import { compose } from '../../wiring.ts';
import { configured } from '../configured.ts';
import { writeNewFiles } from '../new-files.ts';
import type { Terminal } from '../terminal.ts';

export const RUNTIMES = ['containerd', 'crio'] as const;
export type Runtime = (typeof RUNTIMES)[number];

export interface NodesFlags {
  readonly config?: string | undefined;
  readonly policy?: readonly string[] | undefined;
  readonly registry?: readonly string[] | undefined;
  readonly runtime?: Runtime | undefined;
  readonly out?: string | undefined;
  readonly force?: boolean | undefined;
  readonly output: 'text' | 'json';
}

/** The JSON. */
interface NodesRow {
  readonly version: 1;
  readonly files: readonly FileRow[];
  readonly entries: readonly EntryRow[];
  readonly onlyWebhook: readonly string[];
  readonly onlyNodes: readonly string[];
}

interface FileRow extends NodeFile {
  readonly runtime: Runtime;
}

interface EntryRow {
  readonly policy: string;
  /** 1-based. */
  readonly entry: number;
  readonly from: string;
  readonly to: string;
  readonly when: string;
  readonly runtimes: Partial<Record<Runtime, RuntimeState>>;
}

interface RuntimeState {
  /** The files contain the entry, or a part of it. */
  readonly written: boolean;
  /** Why not, and how the node differs from the webhook. */
  readonly notes: readonly string[];
}

export async function explainNodes(flags: NodesFlags, terminal: Terminal): Promise<number> {
  const { config } = await configured({ config: flags.config, policy: flags.policy }, terminal);
  const { context } = await compose(config, {});
  const entries = nodeEntries(context.policies, (flags.registry ?? []).map(registry));
  if (entries.length === 0) throw new UserError('no policy has "rewrite"; name policies with --policy');
  const runtimes = flags.runtime === undefined ? RUNTIMES : [flags.runtime];
  const row: NodesRow = {
    version: 1,
    files: runtimes.flatMap((runtime) => filesOf(runtime, entries)),
    entries: entries.map((entry) => entryRow(entry, entries, runtimes)),
    onlyWebhook: ONLY_WEBHOOK,
    onlyNodes: ONLY_NODES,
  };
  const { out } = flags;
  if (out !== undefined) {
    const files = row.files.map(({ path: file, text }) => ({ path: path.join(out, file), text }));
    writeNewFiles(files, flags.force ?? false);
  }
  const ink = paint(terminal.colors);
  terminal.out(flags.output === 'json' ? `${JSON.stringify(row, null, 2)}\n` : nodesText(row, ink, terminal.columns));
  return 0;
}

function registry(text: string): string {
  const name = registryName(text);
  if (name !== undefined) return name;
  throw new UserError(
    `--registry: invalid value ${quoteValue(text)} (expected a hostname without a port, for example docker.io)`,
  );
}

function filesOf(runtime: Runtime, entries: readonly NodeEntry[]): readonly FileRow[] {
  const moves = entries.flatMap((entry) => entry.moves);
  if (runtime === 'containerd') {
    const files = hostsToml(moves.filter(isWholeRegistry));
    return files.map(({ path: file, text }) => ({ runtime, path: `${CONTAINERD_DIRECTORY}/${file}`, text }));
  }
  return moves.length === 0 ? [] : [{ runtime, path: REGISTRIES_CONF, text: registriesConf(moves) }];
}

function entryRow(one: NodeEntry, all: readonly NodeEntry[], runtimes: readonly Runtime[]): EntryRow {
  const { policy, entry, rewrite } = one.entry;
  const { from, to } = rewrite.rewriting;
  const row = { policy, entry, from: from.text, to: to.text, when: rewrite.when };
  const states = { containerd: () => inContainerd(one, all), crio: () => stateOf(one) };
  return { ...row, runtimes: Object.fromEntries(runtimes.map((runtime) => [runtime, states[runtime]()])) };
}

function stateOf({ moves, problems, differences }: NodeEntry): RuntimeState {
  return { written: moves.length > 0, notes: [...problems, ...differences] };
}

function inContainerd(one: NodeEntry, all: readonly NodeEntry[]): RuntimeState {
  const [whole, byPath] = [one.moves.filter(isWholeRegistry), one.moves.filter((move) => !isWholeRegistry(move))];
  if (byPath.length > 0) return { written: false, notes: ['containerd selects mirrors by registry, not by path'] };
  const { written, notes } = stateOf(one);
  const mixed = all.filter((other) =>
    other.moves.some((move) => !isWholeRegistry(move) && whole.some((own) => includes(own, move))),
  );
  return { written, notes: [...notes, ...mixed.map((other) => alsoRewrites(other.entry))] };
}

const ONLY_WEBHOOK = [
  'select images by tag, namespace, kind, or label, and move any part of the name',
  'show the name that runs, in the object and to all policies',
  'deny or warn if the mirror lacks the image, before a Pod exists',
  'use a pull secret for the mirror: the kubelet selects pull secrets by the name in the Pod, so credentials for mirrors of nodes belong in the configuration of the nodes',
  'work where you cannot configure nodes',
];

const ONLY_NODES = [
  'reach Pods that no webhook changes: static Pods, existing Pods, excluded namespaces, and the images of the runtime itself',
  'decide at each pull, so that a mirror that fails later stops no new Pod',
  'leave objects as written',
  'work without a webhook',
];

const RUNTIME_NAMES: Readonly<Record<Runtime, string>> = { containerd: 'containerd', crio: 'CRI-O' };
const WIDTH = 'containerd'.length;

function nodesText({ files, entries, onlyWebhook, onlyNodes }: NodesRow, ink: Paint, columns?: number): string {
  return [
    ...files.map(({ path: file, text }) => `${ink.bold(`# ${file}`)}\n${text}`),
    entries.map((row) => entryText(row, ink, columns)).join(''),
    listText('Only the webhook can', onlyWebhook, ink, columns),
    listText('Only nodes can', onlyNodes, ink, columns),
  ].join('\n');
}

function entryText({ policy, entry, from, to, when, runtimes }: EntryRow, ink: Paint, columns?: number): string {
  const lines = Object.entries(runtimes).map(([runtime, { written, notes }]) => {
    const state = written ? (notes.length === 0 ? 'the same' : 'written') : 'not written';
    const text = [state, ...notes].join('; ');
    return hanging(`  ${RUNTIME_NAMES[runtime as Runtime].padEnd(WIDTH)}  `, text, columns);
  });
  return `${ink.bold(policy)}, entry ${entry}: ${from} -> ${to}, when ${when}\n${lines.join('')}`;
}

function listText(title: string, items: readonly string[], ink: Paint, columns?: number): string {
  return `${ink.bold(title)}\n${items.map((item) => hanging('  - ', item, columns)).join('')}`;
}

/** Lines after the first begin below the text of the first. */
function hanging(label: string, text: string, columns?: number): string {
  const lines = wrap(text, columns === undefined ? undefined : columns - label.length);
  return `${label}${lines.join(`\n${' '.repeat(label.length)}`)}\n`;
}
