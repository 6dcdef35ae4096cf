/** Runs `helm template`, and says why it failed: without its hints and the values of keys that name secrets. */
import { quoteValue } from '../image/quote.ts';
import type { HelmSet } from './helm-settings.ts';
import { asPath, isOffline, type RendererOptions, type RendererRun, runRenderer } from './run-renderer.ts';
import type { ValueTree } from './value-origins.ts';

export interface Release extends Omit<HelmSet, 'name' | 'namespace'> {
  readonly chart: string;
  readonly name: string;
  readonly namespace: string;
}

export async function runHelm(release: Release, options: RendererOptions): Promise<RendererRun> {
  const run = await runRenderer('helm', helmArguments(release), options);
  // A schema of values can refer to a URL. Templates print the same without it.
  return isOffline(run) ? runRenderer('helm', [...helmArguments(release), '--skip-schema-validation'], options) : run;
}

/** CRDs are what `helm install` would create first. */
function helmArguments({ chart, name, namespace, kubeVersion, values, set }: Release): readonly string[] {
  return [
    'template',
    name,
    asPath(chart),
    '--include-crds',
    `--namespace=${namespace}`,
    ...(kubeVersion === undefined ? [] : [`--kube-version=${kubeVersion}`]),
    ...values.map((file) => `--values=${file}`),
    ...set.map((assignment) => `--set=${assignment}`),
  ];
}

export interface HelmFault {
  /** A sentence. */
  readonly message: string;
  /** The path that helm names, such as `web/templates/pod.yaml`. */
  readonly template: string | undefined;
  readonly line: number | undefined;
  /** The charts in `charts/` are not there. */
  readonly isIncomplete?: true;
}

const MAX_MESSAGE = 400;

/** Returns why a chart was not rendered; undefined: it was. */
export function faultIn(
  { ended, stderr }: RendererRun,
  { chart }: Release,
  secrets: readonly string[],
): HelmFault | undefined {
  const nowhere = { template: undefined, line: undefined };
  if (ended.state === 'failed') return { ...nowhere, message: `not rendered: helm ${ended.problem}` };
  if (ended.code === 0) return undefined;
  if (/helm dependency (?:build|update)/.test(stderr)) {
    return incompleteChart(chart, /missing in charts\/ directory: (.+)/.exec(stderr)?.[1]);
  }
  const text = withoutSecrets(oneLine(stderr), secrets);
  const remedy = KUBE_VERSION.test(stderr) ? SET_KUBE_VERSION : '';
  const place =
    /([\w.-]+\/(?:[\w./-]+)\.(?:ya?ml|tpl|txt)):(\d+)/.exec(stderr) ?? /parse error on ([^\s:]+)/.exec(stderr);
  return {
    message: `not rendered: helm template failed: ${quoteValue(text, MAX_MESSAGE).slice(1, -1)}${remedy}`,
    template: place?.[1],
    line: place?.[2] === undefined ? undefined : Number(place[2]),
  };
}

/** Says that the charts in `charts/` are not there. */
export function incompleteChart(chart: string, missing: string | undefined): HelmFault {
  const which = missing === undefined ? '' : `: ${quoteValue(missing)}`;
  const message = `not rendered: dependencies are missing${which}; run helm dependency build ${chart}`;
  return { message, template: undefined, line: undefined, isIncomplete: true };
}

/** Each release of Helm renders for one version of Kubernetes. */
const KUBE_VERSION = /chart requires kubeVersion/;
const SET_KUBE_VERSION = '; set kubeVersion for the chart in the key "helm" of the configuration file';

function oneLine(stderr: string): string {
  const start = stderr.lastIndexOf('Error: ');
  return stderr
    .slice(start === -1 ? 0 : start + 'Error: '.length)
    .replace(/\s*Use --debug flag to render out invalid YAML\s*$/, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce((shown, secret) => shown.replaceAll(secret, '***'), text);
}

const SECRET_KEY = /pass|secret|token|cred|auth|key|cert|pwd|dsn|connection/i;
/** A shorter text would be found in words. */
const MIN_SECRET = 4;

/** The texts that messages never contain, the longest first. */
export function secretTexts(tree: ValueTree): readonly string[] {
  const texts = new Set<string>();
  const collect = (map: ValueTree, isSecret: boolean): void => {
    for (const [key, value] of map) {
      const hides = isSecret || SECRET_KEY.test(key);
      if (value instanceof Map) collect(value, hides);
      else if (hides && value.text.length >= MIN_SECRET) texts.add(value.text.replaceAll(/\s+/g, ' ').trim());
    }
  };
  collect(tree, false);
  return [...texts].toSorted((one, other) => other.length - one.length);
}
