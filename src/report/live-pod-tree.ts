/** Formats the summary of a live Pod as a tree: node, Pod, containers, and a list of facts about each. */
import { objectLabel } from '../admission/message.ts';
import { quoteValue } from '../image/quote.ts';
import { ageText } from './age-text.ts';
import type { LiveContainer, LivePodSummary, NodeSummary, PullErrorRow, RegistryRow } from './live-pod.ts';
import type { Paint } from './paint.ts';
import { pullText } from './pull-progress.ts';
import { credentialsText, KINDS, referenceText, secretsText, shown } from './pod-tree.ts';
import { shortDigests, wrap } from './wrap.ts';

export interface TreeOptions {
  readonly ink: Paint;
  /** Unix time in milliseconds. */
  readonly now: number;
  /** Of the terminal; undefined: lines are not broken. */
  readonly columns: number | undefined;
}

type Ink = (text: string) => string;

interface FactLine {
  readonly label: string;
  readonly text: string;
  readonly ink?: Ink | undefined;
}

export function formatLivePod(summary: LivePodSummary, options: TreeOptions): string {
  const { namespace, name, node, containers, eventsProblem } = summary;
  const { ink } = options;
  const title = `${ink.bold(objectLabel('Pod', namespace, name))}  ${ink.dim(podText(summary, options.now))}`;
  const indent = node === null ? '' : '   ';
  const facts = [
    { label: 'secrets', text: podSecretsText(summary) },
    ...secretFacts(summary, options),
    ...(eventsProblem === null ? [] : [{ label: 'events', text: eventsProblem, ink: ink.yellow }]),
  ];
  const lines = [
    ...factLines(facts, { ...options, first: `${indent}├─ `, rest: `${indent}│  ` }),
    ...containers.flatMap((container, index) => {
      const isLast = index === containers.length - 1;
      const head = `${indent}${isLast ? '└─' : '├─'} ${containerTitle(container, ink)}`;
      const guide = `${indent}${isLast ? ' ' : '│'}    `;
      return [
        head,
        ...factLines(containerFacts(container, summary, options), { ...options, first: guide, rest: guide }),
      ];
    }),
  ];
  return [...(node === null ? [title] : [nodeTitle(node, ink), `└─ ${title}`]), ...lines].join('\n');
}

interface LineOptions extends TreeOptions {
  /** Before the first line of a fact, and before its other lines. */
  readonly first: string;
  readonly rest: string;
}

const LABEL_WIDTH = 10;
const MIN_WIDTH = 30;

function factLines(facts: readonly FactLine[], { first, rest, columns }: LineOptions): readonly string[] {
  return facts.flatMap(({ label, text, ink = (plain) => plain }) => {
    const room = columns === undefined ? undefined : Math.max(columns - first.length - LABEL_WIDTH - 2, MIN_WIDTH);
    return wrap(room === undefined ? text : shortDigests(text, room), room).map((line, index) =>
      index === 0
        ? `${first}${label.padEnd(LABEL_WIDTH)}  ${ink(line)}`
        : `${rest}${' '.repeat(LABEL_WIDTH + 2)}${ink(line)}`,
    );
  });
}

function nodeTitle({ name, platform, runtime, kubelet, problem }: NodeSummary, ink: Paint): string {
  const parts = [platform, runtime, kubelet === null ? null : `kubelet ${kubelet}`].filter((part) => part !== null);
  return `${ink.bold(`Node ${shown(name)}`)}  ${ink.dim(problem ?? parts.join(', '))}`;
}

function podText({ phase, reason, created, deleted, node }: LivePodSummary, now: number): string {
  return [
    ...(phase === '' ? [] : [phase]),
    ...(reason === null ? [] : [reason]),
    ...(deleted === null ? [] : ['being deleted']),
    ...(node === null ? ['not scheduled to a node'] : []),
    ...(created === null ? [] : [`created ${ageText(created, now)}`]),
  ].join(', ');
}

function podSecretsText({ pullSecrets, serviceAccountSecrets }: LivePodSummary): string {
  const text = secretsText(pullSecrets);
  if (pullSecrets.from !== 'pod' || serviceAccountSecrets === null) return text;
  const names = pullSecrets.secrets.map(({ name }) => name);
  const account = `ServiceAccount ${shown(pullSecrets.serviceAccount)}`;
  const added = serviceAccountSecrets.filter((name) => name !== '' && !names.includes(name));
  if (added.length > 0) return `${text}; ${account} now also lists ${added.slice(0, 3).map(shown).join(', ')}`;
  if (names.length === 0) return `${text}, and ${account} lists none`;
  return names.every((name) => serviceAccountSecrets.includes(name)) ? `${text}; from ${account}` : text;
}

function secretFacts({ secretFailure: failure }: LivePodSummary, { ink, now }: TreeOptions): readonly FactLine[] {
  if (failure === null) return [];
  const { message, remedy, secrets, ...when } = failure;
  const names = secrets.map(shown).join(', ');
  return [
    { label: 'error', text: `the kubelet did not get ${names}${whenText(when, now)}`, ink: ink.red },
    { label: 'cause', text: message, ink: ink.bold },
    { label: 'fix', text: remedy },
  ];
}

function containerTitle({ kind, name, state, stateReason }: LiveContainer, ink: Paint): string {
  const label = [...(kind === 'regular' ? [] : [KINDS[kind]]), ink.bold(shown(name ?? '(no name)'))].join(' ');
  if (kind === 'volume') return label;
  const text = state === 'none' ? 'not started' : stateReason === null ? state : `${state}: ${shown(stateReason)}`;
  return `${label}  ${state === 'running' ? ink.green(text) : state === 'waiting' ? ink.yellow(text) : ink.dim(text)}`;
}

function containerFacts(
  container: LiveContainer,
  { pullSecrets }: LivePodSummary,
  { ink, now }: TreeOptions,
): readonly FactLine[] {
  const { cause, errors, lastPull, running, original = null } = container;
  return [
    { label: 'image', text: imageText(container) },
    ...(original === null ? [] : [{ label: 'original', text: shown(original) }]),
    ...(running.state === 'none' ? [] : [{ label: 'running', text: runningText(container) }]),
    ...registryFacts(container, ink),
    { label: 'credential', text: credentialText(container, pullSecrets) },
    ...(lastPull === null ? [] : [{ label: 'last pull', text: pullText(lastPull, now) }]),
    ...shownErrors(errors).map((row) => ({ label: 'error', text: errorText(row, now), ink: ink.red })),
    ...(cause === null
      ? []
      : [
          { label: 'cause', text: cause.message, ink: ink.bold },
          { label: 'fix', text: cause.remedy },
        ]),
    ...(cause === null && errors.length > 0 ? [{ label: 'cause', text: 'unknown', ink: ink.yellow }] : []),
  ];
}

function imageText({ runtimeRef, image, problem, pullPolicy }: LiveContainer): string {
  if (runtimeRef === null) return `${image === '' ? '(no image)' : quoteValue(image)}: ${problem ?? ''}`;
  const text = referenceText({ image, runtimeRef });
  return pullPolicy === 'Never' ? `${text} (imagePullPolicy Never)` : text;
}

function runningText({ running: { state, digest, imageId } }: LiveContainer): string {
  if (state === 'known') return digest ?? '';
  return `unknown: the node reports the image ID ${shown(imageId ?? '')}, which is not a digest of a registry`;
}

function registryFacts({ registryNow, image }: LiveContainer, ink: Paint): readonly FactLine[] {
  const { state, failure } = registryNow;
  if (state === 'none') return [];
  const label = image.includes('@') ? 'registry' : 'tag now';
  if (state === 'yes') return [{ label, ...digestText(registryNow, ink) }];
  const message = failure?.message ?? '';
  if (state === 'no') return [{ label, text: `not found: ${message}`, ink: ink.red }];
  return [{ label, text: `unknown: ${message}`, ink: ink.yellow }];
}

function digestText({ digest, isRunning }: RegistryRow, ink: Paint): Omit<FactLine, 'label'> {
  if (isRunning === true) return { text: 'the image that runs', ink: ink.green };
  if (isRunning === null) return { text: digest ?? '' };
  return { text: `${digest ?? ''}, which is not the image that runs`, ink: ink.yellow };
}

function credentialText({ registryNow, credentials }: LiveContainer, secrets: LivePodSummary['pullSecrets']): string {
  const { state, credential } = registryNow;
  const offered = credentialsText(credentials, secrets);
  if (state !== 'yes' || credential === null) return offered;
  if (credential === 'anonymous' && credentials.state === 'found')
    return `anonymous; the registry does not request ${offered}`;
  return `${credential}, accepted by the registry`;
}

/** The newest event only adds something if the state of the container does not contain the error. */
function shownErrors(errors: readonly PullErrorRow[]): readonly PullErrorRow[] {
  const [first, ...others] = errors;
  if (first === undefined || first.from === 'event') return errors.slice(0, 1);
  const detailed = others.find(({ message }) => message.startsWith('Failed to pull image'));
  const detail = detailed?.message.slice(detailed.message.indexOf(': ') + 2) ?? '';
  return detailed === undefined || first.message.includes(detail.slice(0, 60)) ? [first] : [first, detailed];
}

function errorText({ reason, message, count, last }: PullErrorRow, now: number): string {
  const text = message.startsWith(reason) ? message : `${reason}: ${message}`;
  return `${message === '' ? reason : text}${whenText({ count, last }, now)}`;
}

function whenText({ count, last }: Pick<PullErrorRow, 'count' | 'last'>, now: number): string {
  const when = [
    ...(count !== null && count > 1 ? [`${count} times`] : []),
    ...(last === null ? [] : [`last ${ageText(last, now)}`]),
  ];
  return when.length === 0 ? '' : ` (${when.join(', ')})`;
}
