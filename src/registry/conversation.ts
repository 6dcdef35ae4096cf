/** Asks a registry one thing: redirects, challenges and tokens are dealt with, the answer is 200 or an error. */
import { type Authenticator, type Authorization, createAuthenticator } from './authenticate.ts';
import { createPatientSend } from './patience.ts';
import { createFollower, type FinalAnswer } from './redirect.ts';
import { refusalOf } from './refusal.ts';
import type { RegistrySettings } from './settings.ts';
import { placeOf, type Site } from './site.ts';
import type { Transport } from './transport.ts';
import { challengesIn, whyUnsent } from './unsent.ts';

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

/**
 * Each question begins without a credential, as containerd begins each pull: what is sent follows from what this registry asks
 * for now, so that no answer depends on what was asked before. Only the steps of one question share what they have learned.
 */
export function createConversation({ transport, settings, now }: ConversationOptions): Conversation {
  const follow = createFollower(createPatientSend(transport, now), settings);
  const authenticator: Authenticator = createAuthenticator({ follow, settings, now });
  const learned = new WeakMap<Site, Authorization>();
  return {
    async ask({ site, path, accept, method, maxBytes }, signal) {
      const url = new URL(`/v2/${site.repository}/${path}`, site.base);
      const common = { method, url, site, maxBytes, headers: { accept: accept.join(', ') } };
      const place = placeOf(site);
      const send = async (authorization: string | undefined): Promise<Heard> => {
        const answer = await follow({ ...common, place, authorization }, signal);
        return { answer, site, authorization };
      };
      let sent = learned.get(site);
      let heard = await send(sent?.value);
      // Once with a token from before, once with a new one; then a 401 is the answer.
      for (let attempt = 0; attempt < 2 && isChallenge(heard); attempt += 1) {
        if (sent !== undefined) authenticator.forget(sent);
        const next = await authenticator.authorize(site, challengesIn(heard.answer), signal);
        if (next === undefined || next.value === sent?.value) return heard;
        sent = next;
        learned.set(site, sent);
        heard = await send(sent.value);
        if (!sent.isCached) return heard;
      }
      return heard;
    },
    demand({ answer, site, authorization }) {
      if (answer.status === 200) return answer;
      const unsent = authorization === undefined ? whyUnsent(site, answer) : undefined;
      throw refusalOf({ site, authorization, answer, unsent, place: answer.place, now: now() });
    },
  };
}

/** A challenge of a host that a redirect led to is not answered: the credential is not for it. */
function isChallenge({ answer }: Heard): boolean {
  return answer.status === 401 && answer.isFromOrigin;
}
