/** Asks a registry one thing: redirects, challenges and tokens are dealt with, the answer is 200 or an error. */
import { type Authenticator, type Authorization, createAuthenticator } from './authenticate.ts';
import { createPatientSend } from './retry.ts';
import { createFollower, type FinalAnswer } from './redirect.ts';
import { refusalOf } from './http-errors.ts';
import type { RegistrySettings } from './settings.ts';
import { placeOf, type Site } from './endpoint.ts';
import type { Transport } from './transport.ts';
import { challengesIn, whyUnsent } from './unsent-credentials.ts';

export interface Question {
  readonly site: Site;
  readonly method: 'HEAD' | 'GET';
  /** Below /v2/REPOSITORY: `manifests/1.27`, `blobs/sha256:…`. */
  readonly path: string;
  readonly accept: readonly string[];
  readonly maxBytes: number;
}

export interface Conversation {
  /** Any answer; of a 401 the last one. */
  ask(question: Question, signal: AbortSignal): Promise<Heard>;
  /** Throws what an answer that is not 200 means. */
  demand(heard: Heard): FinalAnswer;
}

export interface Heard {
  readonly answer: FinalAnswer;
  readonly site: Site;
  readonly authorization: string | undefined;
}

export interface ConversationOptions {
  readonly transport: Transport;
  readonly settings: RegistrySettings;
  readonly now: () => number;
}

/** A registry may ask for one scope after the other; each is answered once. */
const MAX_CHALLENGES = 3;

type Send = (authorization: string | undefined) => Promise<Heard>;

/** One way through the challenges that begin with `first`. */
interface Round {
  readonly question: Question;
  readonly first: Heard;
  /** No token from before is good enough. */
  readonly isAnew: boolean;
}

interface Rounded {
  readonly heard: Heard;
  readonly sent: readonly Authorization[];
}

/**
 * Each question begins without a credential, as containerd begins each pull: what is sent follows from what this registry asks
 * for now, so that no answer depends on what was asked before. Only the steps of one question share what they have learned, and
 * what is refused to a token from before is asked once more without one: what that token allowed may be over, or too little.
 */
export function createConversation({ transport, settings, now }: ConversationOptions): Conversation {
  const follow = createFollower(createPatientSend(transport, now), settings);
  const authenticator: Authenticator = createAuthenticator({ follow, settings, now });
  const learned = new WeakMap<Site, Authorization>();

  function sender({ site, path, accept, method, maxBytes }: Question, signal: AbortSignal): Send {
    const url = new URL(`/v2/${site.repository}/${path}`, site.base);
    const common = { method, url, site, maxBytes, headers: { accept: accept.join(', ') }, place: placeOf(site) };
    return async (authorization) => {
      const answer = await follow({ ...common, authorization }, signal);
      return { answer, site, authorization };
    };
  }

  async function round({ question, first, isAnew }: Round, signal: AbortSignal): Promise<Rounded> {
    const { site } = question;
    const send = sender(question, signal);
    const sent: Authorization[] = [];
    const answered = new Set<string>();
    let heard = first;
    while (isChallenge(heard) && answered.size < MAX_CHALLENGES) {
      const challenged = { site, headers: challengesIn(heard.answer), answered, isAnew };
      const next = await authenticator.authorize(challenged, signal);
      if (next === undefined || next.value === heard.authorization) break;
      sent.push(next);
      answered.add(next.key);
      learned.set(site, next);
      heard = await send(next.value);
    }
    return { heard, sent };
  }

  return {
    async ask(question, signal) {
      const send = sender(question, signal);
      const before = learned.get(question.site);
      const first = await send(before?.value);
      if (before !== undefined && isChallenge(first)) authenticator.forget(before);
      const { heard, sent } = await round({ question, first, isAnew: false }, signal);
      const all = before === undefined ? sent : [before, ...sent];
      const remembered = all.filter(({ isCached }) => isCached);
      if (remembered.length === 0 || !isRefused(heard)) return heard;
      for (const one of remembered) authenticator.forget(one);
      const begun = before === undefined ? first : await send(undefined);
      return (await round({ question, first: begun, isAnew: true }, signal)).heard;
    },
    demand({ answer, site, authorization }) {
      if (answer.status === 200) return answer;
      const unsent = authorization === undefined ? whyUnsent(site, answer) : undefined;
      throw refusalOf({ site, authorization, answer, unsent, place: answer.place, now: now() });
    },
  };
}

/** By the registry itself, which has seen what was sent; 404 hides what one may not see. */
function isRefused({ answer }: Heard): boolean {
  return answer.isFromOrigin && [401, 403, 404].includes(answer.status);
}

/** A challenge of a host that a redirect led to is not answered: the credential is not for it. */
function isChallenge({ answer }: Heard): boolean {
  return answer.status === 401 && answer.isFromOrigin;
}
