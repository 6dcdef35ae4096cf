/** The client of an API server: kubeconfig and authentication from @kubernetes/client-node, requests with undici. */
import type { RequestOptions } from 'node:https';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { Agent, type Dispatcher, request as send } from 'undici';
import type { OriginOf } from '../error/path-origin.ts';
import { UserError } from '../error/user-error.ts';
import { quoteValue } from '../image/quote.ts';
import { isObject, type JsonObject } from '../pod/pointer.ts';
import { ApiError, ApiOutage, type ApiRequest, type ClusterApi, type WatchEvent, type WatchRequest } from './api.ts';
import { isInPod } from './in-pod.ts';
import type { ClusterSettings } from './settings.ts';

const TIMEOUT_MS = 10_000;

export interface ClusterEnvironment {
  /** The environment of the process. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly originOf: OriginOf;
}

/** Throws a UserError if the settings select no API server. */
export function openClusterApi(settings: ClusterSettings, environment: ClusterEnvironment): ClusterApi {
  const { kubeconfig, context } = settings;
  if (kubeconfig === undefined && context === undefined && isInPod(environment.env)) {
    const config = new KubeConfig();
    config.loadFromCluster();
    return createClusterApi(config);
  }
  const file = kubeconfig ?? defaultFile(environment.env);
  const config = loadKubeconfig(file, environment.originOf(file));
  if (context !== undefined) config.setCurrentContext(context.name);
  if (config.getCurrentCluster() !== null) return createClusterApi(config);
  const problem = `kubeconfig ${quoteValue(file)} has no context ${quoteValue(config.getCurrentContext())}`;
  throw new UserError(`${context?.from ?? settings.from}: ${problem}`);
}

function defaultFile(env: ClusterEnvironment['env']): string {
  return env['KUBECONFIG'] ?? join(env['HOME'] ?? '', '.kube', 'config');
}

function loadKubeconfig(file: string, origin: string): KubeConfig {
  const config = new KubeConfig();
  try {
    config.loadFromFile(file);
    return config;
  } catch (error) {
    throw new UserError(`cannot read kubeconfig ${quoteValue(file)}: ${String(error)}${origin}`, { cause: error });
  }
}

/** `config` must have a current context. */
function createClusterApi(config: KubeConfig): ClusterApi {
  const server = config.getCurrentCluster()?.server ?? '';
  const namespace = config.getContextObject(config.getCurrentContext())?.namespace ?? 'default';
  let agent: Agent | undefined;
  const open = async (request: ApiRequest, signal: AbortSignal): Promise<Dispatcher.ResponseData> => {
    const options: RequestOptions = { headers: {} };
    await config.applyToHTTPSOptions(options);
    const { ca, cert, key, rejectUnauthorized, servername } = options;
    agent ??= new Agent({ connect: { ca, cert, key, rejectUnauthorized, servername } as object });
    const { method = 'GET', path, query = {}, body, contentType = 'application/json' } = request;
    const url = new URL(server.replace(/\/$/, '') + path);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const headers = { ...(options.headers as Record<string, string>), accept: 'application/json' };
    return send(url, {
      dispatcher: agent,
      method,
      headers: body === undefined ? headers : { ...headers, 'content-type': contentType },
      body: body === undefined ? null : JSON.stringify(body),
      signal,
    });
  };
  return {
    server,
    namespace,
    async request(request, signal) {
      const limit = AbortSignal.timeout(request.timeoutMs ?? TIMEOUT_MS);
      const ended = signal === undefined ? limit : AbortSignal.any([signal, limit]);
      try {
        const response = await open(request, ended);
        return resultOf(response.statusCode, await response.body.json());
      } catch (error) {
        throw outage(error, server, signal);
      }
    },
    async *watch({ path, query = {} }: WatchRequest, signal) {
      try {
        const response = await open({ path, query: { ...query, watch: '1' } }, signal);
        if (response.statusCode !== 200) resultOf(response.statusCode, await response.body.json());
        yield* eventsIn(response.body);
      } catch (error) {
        throw outage(error, server, signal);
      }
    },
    async close() {
      await agent?.destroy();
    },
  };
}

function resultOf(status: number, body: unknown): JsonObject {
  if (!isObject(body)) throw new ApiOutage('the response is not an object');
  if (status < 400) return body;
  const { reason, message } = body;
  throw new ApiError(status, typeof reason === 'string' ? reason : '', typeof message === 'string' ? message : '');
}

function outage(error: unknown, server: string, signal: AbortSignal | undefined): unknown {
  if (error instanceof ApiError || error instanceof ApiOutage || signal?.aborted === true) return error;
  return new ApiOutage(`cannot reach the API server ${server}: ${String(error)}`, { cause: error });
}

async function* eventsIn(body: AsyncIterable<Uint8Array>): AsyncIterable<WatchEvent> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield JSON.parse(line) as WatchEvent;
  }
}
