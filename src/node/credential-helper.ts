/**
 * Docker's credential helpers (github.com/docker/docker-credential-helpers): `docker-credential-NAME get`, the server on
 * stdin, JSON on stdout. Only helpers that the configuration names are run.
 */
import { quoteValue } from '../image/quote.ts';
import { isObject } from '../pod/pointer.ts';
import { createProgramCache, type ProgramOutcome } from './program-cache.ts';
import { visibleUser } from '../credential/user-name.ts';
import { shownUser } from '../registry/credential.ts';
import type { Credential } from '../registry/credential.ts';
import type { NodeCredentialList } from './node-credentials.ts';
import type { Ended, Environment, Run } from './run-program.ts';

export interface HelperOptions {
  /** Allowed names: `ecr-login` for `docker-credential-ecr-login`. `any`: each helper that docker would run. */
  readonly allowed: readonly string[] | 'any';
  readonly env: Environment;
  readonly timeoutMs: number;
  readonly run: Run;
  readonly now: () => number;
}

export interface CredentialHelpers {
  /** `server`: as docker passes it: `registry.example.com`, `https://index.docker.io/v1/`. */
  get(name: string, server: string, tenant?: string): NodeCredentialList | Promise<NodeCredentialList>;
}

/** Helpers cache their tokens; this cache avoids starting a process. */
const LIFETIME_MS = 60_000;
const FAILURE_LIFETIME_MS = 10_000;

/** Returns the time before the next try. A program that was not run returns nothing to cache. */
export function failureLifetimeMs(ended: Ended): number {
  return ended.state === 'failed' && ended.isNotRun ? 0 : FAILURE_LIFETIME_MS;
}

/** Reports whether the name is a part of a file name, without a path. */
export function isHelperName(name: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,100}$/.test(name);
}

export function createCredentialHelpers({ allowed, env, timeoutMs, run, now }: HelperOptions): CredentialHelpers {
  const cache = createProgramCache<NodeCredentialList>(now);
  return {
    get(name, server, tenant = '') {
      const helper = `credential helper ${quoteValue(name)}`;
      if (!isHelperName(name)) return problem(`${helper} was not run: the name of a helper has no path or spaces`);
      if (allowed !== 'any' && !allowed.includes(name))
        return problem(`${helper} was not run: it is not listed in nodeCredentials.helpers`);
      const key = `${name}\n${server}`;
      return cache.result([key], tenant, async (waiters): Promise<ProgramOutcome<NodeCredentialList>> => {
        const program = { file: `docker-credential-${name}`, args: ['get'], env, input: server, timeoutMs };
        const ended = await run(helper, program, waiters);
        const result = resultOf(helper, ended);
        const lifetimeMs = result.problems.length > 0 ? failureLifetimeMs(ended) : LIFETIME_MS;
        return { result, key, lifetimeMs };
      });
    },
  };
}

const NONE: NodeCredentialList = { credentials: [], problems: [] };

function problem(text: string): NodeCredentialList {
  return { credentials: [], problems: [text] };
}

/** docker-credential-helpers credentials/error.go. */
const NOT_FOUND = 'credentials not found in native keychain';

function resultOf(helper: string, ended: Ended): NodeCredentialList {
  if (ended.state === 'failed') return problem(`${helper} ${ended.problem}`);
  if (ended.code !== 0) {
    return ended.output.trim() === NOT_FOUND ? NONE : problem(`${helper} ended with exit code ${ended.code}`);
  }
  const credential = readCredential(helper, ended.output);
  if (credential === undefined) return problem(`${helper} did not return JSON with Username and Secret`);
  return credential === 'none' ? NONE : { credentials: [credential], problems: [] };
}

function readCredential(helper: string, output: string): Credential | 'none' | undefined {
  const response = readJsonText(output);
  if (!isObject(response)) return undefined;
  const { Username: username = '', Secret: secret = '' } = response;
  if (typeof username !== 'string' || typeof secret !== 'string') return undefined;
  if (secret === '') return 'none';
  if (username === '<token>') {
    return { label: `${helper} (identity token)`, secret: { kind: 'identity-token', token: () => secret } };
  }
  if (username === '') return 'none';
  const login = { username, password: () => secret };
  return { label: `${helper} (user ${shownUser(visibleUser(login))})`, secret: { kind: 'basic', ...login } };
}

/** Returns undefined if the text is not JSON, without the reason: the message of JSON.parse repeats a part of the text. */
export function readJsonText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
