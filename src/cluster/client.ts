/** The client of an API server: opens the cluster that the settings select, and sends requests within time limits. */
import type { OriginOf } from '../error/path-origin.ts';
import { UserError } from '../error/user-error.ts';
import type { Environment } from '../go/http-proxy.ts';
import { ApiError, ApiOutage, type ApiRequest, type ClusterApi, type WatchEvent, type WatchRequest } from './api.ts';
import type { Connection } from './connection.ts';
import { connectionOf } from './context.ts';
import { createCredentialSource } from './credentials.ts';
import { createDispatchers } from './dispatchers.ts';
import { exchange, type Session } from './exchange.ts';
import { isInPod, podConnection } from './in-pod.ts';
import { kubeconfigFiles, loadKubeconfig } from './kubeconfig.ts';
import { InvalidResponse, outageOf } from './outage.ts';
import { eventsIn, objectIn } from './response-body.ts';
import type { ClusterSettings } from './settings.ts';
import { startTimeLimit } from './time-limit.ts';

const TIMEOUT_MS = 10_000;

export interface ClusterEnvironment {
  /** The environment of the process. */
  readonly env: Environment;
  readonly originOf: OriginOf;
  /** Replaces the clock in tests. */
  readonly now?: () => number;
  /** False: credential plugins get no terminal, even if there is one. */
  readonly usesTerminal?: boolean;
}

/** Throws a UserError if the settings select no API server. Sends no request. */
export function openClusterApi(settings: ClusterSettings, environment: ClusterEnvironment): ClusterApi {
  return createClusterApi(connectionFor(settings, environment), environment);
}

/** Without a kubeconfig, kubectl also uses the cluster of its Pod. */
function connectionFor(
  { kubeconfig, context, from }: ClusterSettings,
  { env, originOf }: ClusterEnvironment,
): Connection {
  const isNamed = kubeconfig !== undefined || context !== undefined;
  if (!isNamed && isInPod(env)) return podConnection(env);
  const config = loadKubeconfig(kubeconfigFiles(kubeconfig, env), originOf);
  if (isNamed || config.files.length > 0) return connectionOf(config, context);
  throw new UserError(`${from}: no kubeconfig file exists; set --kubeconfig or KUBECONFIG, or run tidewaiter in a Pod`);
}

interface OpenSession extends Session {
  /** The difference between the clock of the API server and performance.now; undefined: unknown. */
  epochMs: number | undefined;
  /** Ends running requests, and watches. */
  readonly closed: AbortSignal;
}

function signalsOf({ closed }: OpenSession, outer: AbortSignal | undefined): readonly AbortSignal[] {
  return outer === undefined ? [closed] : [outer, closed];
}

export function createClusterApi(
  connection: Connection,
  { env, now = Date.now, usesTerminal }: Omit<ClusterEnvironment, 'originOf'>,
): ClusterApi {
  const closing = new AbortController();
  const credentials = createCredentialSource(connection, { env, now, closed: closing.signal, usesTerminal });
  const dispatchers = createDispatchers(connection, env);
  const session: OpenSession = { connection, credentials, dispatchers, closed: closing.signal, epochMs: undefined };
  return {
    server: connection.server.shown,
    namespace: connection.namespace,
    request: async (request, signal) => requestObject(session, request, signal),
    time: () => session.epochMs && performance.now() + session.epochMs,
    watch: (request, signal) => watchEvents(session, request, signal),
    async close() {
      closing.abort(new ApiOutage('the client is closed'));
      await dispatchers.close();
    },
  };
}

async function requestObject(
  session: OpenSession,
  request: ApiRequest,
  outer: AbortSignal | undefined,
): ReturnType<ClusterApi['request']> {
  const limit = startTimeLimit(request.timeoutMs ?? TIMEOUT_MS, signalsOf(session, outer));
  try {
    const { headers, body } = await exchange(session, request, limit);
    const dateMs = Date.parse(String(headers['date']));
    if (!Number.isNaN(dateMs)) session.epochMs = dateMs - performance.now();
    const object = await objectIn(body);
    if (object === undefined) throw new InvalidResponse('returned a response that is not a JSON object');
    return object;
  } catch (error) {
    throw reasonFor(error, session, { outer, limit: limit.signal });
  } finally {
    limit.end();
  }
}

/** The limit counts the time without a whole event, and not the time in which the caller handles an event. */
async function* watchEvents(
  session: OpenSession,
  { path, query = {}, idleMs }: WatchRequest,
  outer: AbortSignal,
): AsyncGenerator<WatchEvent, void, undefined> {
  const limit = startTimeLimit(Math.min(idleMs, TIMEOUT_MS), signalsOf(session, outer));
  try {
    const { body } = await exchange(session, { path, query: { ...query, watch: '1' } }, limit);
    limit.restart(idleMs);
    for await (const event of eventsIn(body)) {
      limit.pause();
      yield event;
      limit.restart(idleMs);
    }
  } catch (error) {
    throw reasonFor(error, session, { outer, limit: limit.signal });
  } finally {
    limit.end();
  }
}

interface Signals {
  readonly outer: AbortSignal | undefined;
  readonly limit: AbortSignal;
}

/** An error of the API server says more than the time limit that ended the wait for another response. */
function reasonFor(error: unknown, { connection }: OpenSession, { outer, limit }: Signals): unknown {
  if (outer?.aborted === true) return outer.reason;
  return outageOf(limit.aborted && !(error instanceof ApiError) ? limit.reason : error, connection);
}
