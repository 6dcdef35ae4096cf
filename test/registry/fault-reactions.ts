/** Reactions of the fault registry, and its image. */
import { type React, type Reaction, serving } from '../support/fault-registry.ts';
import { digestOf, makeImage, makeIndex } from '../support/push-image.ts';

export const IMAGE = makeImage({ os: 'linux', architecture: 'amd64' }, '2024-02-03T04:05:06Z');
export const INDEX = makeIndex([IMAGE]);
export const OTHER = digestOf(Buffer.from('other'));
export const NOW = Date.parse('2026-01-02T03:04:05Z');

export const always =
  (reaction: Reaction): React =>
  () =>
    reaction;
export const redirect = (location: string): Reaction => ({ status: 307, headers: { location } });
export const error = (code: string, message: string): string => JSON.stringify({ errors: [{ code, message }] });
export const challenge = (value: string | readonly string[]): Reaction => ({
  status: 401,
  headers: { 'www-authenticate': value },
});

/** Requests a token from `realm`, and returns the manifest for any token. */
export const behindToken =
  (realm: string, atToken: React = always({ body: '{"token":"good"}' })): React =>
  (received, before) => {
    if (received.url.startsWith('/token')) return atToken(received, before);
    const { authorization } = received.headers;
    return authorization === 'Bearer good' ? serving(IMAGE.manifest) : challenge(`Bearer realm="${realm}",service="s"`);
  };

export const tag = (host: string): string => `${host}/team/app:1`;
