/** Decides which values of an input file can be shown: names and numbers that address something, and nothing that can be a secret. */
import { maskPassword } from '../../image/password.ts';
import { isSecretName } from '../../recording/redact/secret-names.ts';
import { isRandom, redactText } from '../../recording/redact/secret-texts.ts';
import type { Extent } from './parts.ts';

/** What is below these keys is written by people and can be a secret, whatever its own key is. */
const PRIVATE_KEYS = new Set(
  `data stringData binaryData annotations literals content
   environment args command entrypoint healthcheck driver_opts options`.split(/\s+/),
);

/** `isItem`: the key is in an object of a list, such as `name` and `value` in `env`. */
export function isPrivateKey(key: string, isItem: boolean): boolean {
  return PRIVATE_KEYS.has(key) || isSecretName(key) || (key === 'value' && isItem);
}

/** A list in `env` has names of variables; a map has their values. */
export function isPrivateMap(parent: string): boolean {
  return parent === 'env';
}

export interface KeyedValue {
  readonly key: string;
  /** The key of the object that contains the key; '' for the root. */
  readonly parent: string;
  readonly isItem: boolean;
  readonly text: string;
}

const NAME = /^[\w.-]{1,253}$/;
const IMAGE = /^[\w./:@-]{1,400}$/;
const WORD = /^(?:Always|IfNotPresent|Never|OnFailure|always|missing|if_not_present|never|build|TCP|UDP|SCTP|tcp|udp)$/;
const HARMLESS = /^(?:true|false|null|~|\d{1,5}(?:m|[kMGTP]i?)?|)$/;

/** An entry of `ports` in a Compose file. */
const PUBLISHED = /^(?:[\d.]{7,15}:)?\d{1,5}(?:-\d{1,5})?:\d{1,5}(?:-\d{1,5})?(?:\/[a-z]{3,4})?$/;

/** Parents of the name of an object; a list has names, too. */
const NAMED = /^(?:metadata|[\w]*[rR]ef|claimRef|scaleTargetRef)$/;

const FORMS: Readonly<Record<string, RegExp>> = {
  apiVersion: /^(?:[a-z\d.-]{1,253}\/)?v\d{1,3}(?:(?:alpha|beta)\d{1,3})?$/,
  kind: /^[A-Za-z]{1,63}$/,
  name: NAME,
  namespace: NAME,
  image: IMAGE,
  repository: IMAGE,
  registry: IMAGE,
  tag: NAME,
  newName: IMAGE,
  newTag: NAME,
  digest: IMAGE,
  protocol: WORD,
  imagePullPolicy: WORD,
  pull_policy: WORD,
  restartPolicy: WORD,
};

/** For an item of a list. */
export function isHarmless(text: string, key = ''): boolean {
  return HARMLESS.test(text) || (key === 'ports' && PUBLISHED.test(text));
}

/** For a value that is not the one of the finding. */
export function isShown({ key, parent, isItem, text }: KeyedValue): boolean {
  if (isHarmless(text)) return true;
  const form = FORMS[key];
  if (form === undefined || !form.test(text)) return false;
  if ((key === 'name' || key === 'namespace') && !isItem && !NAMED.test(parent) && parent !== '') return false;
  return !looksSecret(text);
}

/** Reports whether a text has the form of a secret, or contains one. */
export function looksSecret(text: string): boolean {
  return (
    maskPassword(text) !== text ||
    redactText(text, () => undefined) !== text ||
    (text.length > 19 && isRandom(text) && !text.includes('sha256:'))
  );
}

/** References to variables and values, which are not the values. */
const REFERENCES = /\$\{\w+\}|\$\w+|\{\{-?[^"'`{}]*\}\}/g;

interface OwnValue {
  /** The value if it is an image. Messages contain it. */
  readonly image: string | null;
  readonly isPrivate: boolean;
}

/** What of the value that a finding is about can be shown: an image without its password, and other values that cannot be a secret. */
export function shownParts(text: string, { image, isPrivate }: OwnValue): readonly Extent[] {
  const bare = text.replaceAll(/^["']|["']$/g, '');
  const masked = maskPassword(bare);
  const isOwn = image === null ? !isPrivate && !looksSecret(bare) : isPartOf(masked, maskPassword(image));
  if (!isOwn || text === '') return [];
  if (masked === bare) return [{ from: 0, to: text.length }];
  const at = text.indexOf(bare);
  const before = masked.indexOf('***');
  const after = masked.length - before - '***'.length;
  return [
    { from: 0, to: at + before },
    { from: at + bare.length - after, to: text.length },
  ];
}

function isPartOf(text: string, image: string): boolean {
  return text.split(REFERENCES).every((part) => image.includes(part));
}
