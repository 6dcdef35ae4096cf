/** The kubelet's CredentialProviderConfig (kubernetes pkg/credentialprovider/plugin/config.go), checked as the kubelet does. */
import { imageMatch } from '../credential/image-match.ts';
import { quoteValue } from '../image/quote.ts';
import { parseDuration } from '../go/duration.ts';
import { schemaCheck } from '../policy/schema-faults.ts';

export interface ProviderSettings {
  /** Also the name of its program. */
  readonly name: string;
  readonly matches: (repository: string) => boolean;
  readonly defaultLifetimeMs: number;
  /** The version of requests and responses: `credentialprovider.kubelet.k8s.io/v1`. */
  readonly apiVersion: string;
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  /** True if the provider requires a token of the Pod's ServiceAccount, which only nodes get. */
  readonly wantsServiceAccount: boolean;
}

export interface ProviderFault {
  /** Relative to the document. */
  readonly pointer: string;
  readonly problem: string;
}

export type ReadProviders =
  | { readonly ok: true; readonly providers: readonly ProviderSettings[] }
  | { readonly ok: false; readonly faults: readonly ProviderFault[] };

const GROUP = 'credentialprovider.kubelet.k8s.io';

const text = { type: 'string', minLength: 1 };
const checkShape = schemaCheck({
  type: 'object',
  required: ['apiVersion', 'kind', 'providers'],
  properties: {
    apiVersion: {
      type: 'string',
      pattern: '^kubelet\\.config\\.k8s\\.io/v1(alpha1|beta1)?$',
      hint: 'kubelet.config.k8s.io/v1',
    },
    kind: { const: 'CredentialProviderConfig' },
    providers: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        required: ['name', 'matchImages', 'defaultCacheDuration', 'apiVersion'],
        properties: {
          name: {
            type: 'string',
            pattern: '^(?!\\.{1,2}$)[^/\\s\\0]+$',
            hint: 'the name of a program, without a path',
          },
          matchImages: { type: 'array', minItems: 1, items: text },
          defaultCacheDuration: { type: 'string' },
          apiVersion: {
            type: 'string',
            pattern: `^${GROUP.replaceAll('.', '\\.')}/v1(alpha1|beta1)?$`,
            hint: `${GROUP}/v1`,
          },
          args: { type: ['array', 'null'], items: { type: 'string' } },
          env: {
            type: ['array', 'null'],
            items: {
              type: 'object',
              required: ['name', 'value'],
              properties: { name: text, value: { type: 'string' } },
            },
          },
          tokenAttributes: { type: ['object', 'null'] },
        },
      },
    },
  },
});

/** A document that `checkShape` accepts. */
interface Document {
  readonly providers: readonly {
    readonly name: string;
    readonly matchImages: readonly string[];
    readonly defaultCacheDuration: string;
    readonly apiVersion: string;
    readonly args?: readonly string[] | null;
    readonly env?: ProviderSettings['env'] | null;
    readonly tokenAttributes?: object | null;
  }[];
}

/** Ignores unknown keys, because newer kubelets have more. */
export function readProviders(document: unknown): ReadProviders {
  const shape = checkShape(document);
  if (shape.length > 0) return { ok: false, faults: shape };
  const faults: ProviderFault[] = [];
  const names = new Set<string>();
  const providers = (document as Document).providers.map((provider, index) => {
    const pointer = `/providers/${index}`;
    if (names.has(provider.name)) {
      faults.push({ pointer: `${pointer}/name`, problem: `${quoteValue(provider.name)} is used twice` });
    }
    names.add(provider.name);
    return settingsOf(provider, pointer, faults);
  });
  return faults.length > 0 ? { ok: false, faults } : { ok: true, providers };
}

function settingsOf(
  { name, matchImages, defaultCacheDuration, apiVersion, args, env, tokenAttributes }: Document['providers'][number],
  pointer: string,
  faults: ProviderFault[],
): ProviderSettings {
  const tests = matchImages.map((pattern, index) => {
    const test = imageMatch(pattern);
    const problem = `${quoteValue(pattern)} is not a registry with an optional path, for example *.dkr.ecr.*.amazonaws.com`;
    if (test === undefined) faults.push({ pointer: `${pointer}/matchImages/${index}`, problem });
    return test;
  });
  const lifetimeMs = durationMs(defaultCacheDuration);
  if (lifetimeMs === undefined || defaultCacheDuration.startsWith('-')) {
    const problem = `${quoteValue(defaultCacheDuration)} is not a duration, for example 12h`;
    faults.push({ pointer: `${pointer}/defaultCacheDuration`, problem });
  }
  return {
    name,
    matches: (repository) => tests.some((test) => test?.(repository)),
    defaultLifetimeMs: lifetimeMs ?? 0,
    apiVersion,
    args: args ?? [],
    env: env ?? [],
    wantsServiceAccount: tokenAttributes !== undefined && tokenAttributes !== null,
  };
}

/** A negative duration counts as 0. */
export function durationMs(duration: string): number | undefined {
  const nanos = parseDuration(duration);
  return nanos === undefined ? undefined : Math.max(0, Number(nanos) / 1e6);
}
