/** What the message of a denied request says: which policies of which webhook denied it, and why. */
import { isObject } from '../../pod/pointer.ts';
import type { Said } from '../../recording/said.ts';
import { parseDocuments } from '../yaml/yaml.ts';
import { saidMessage, saidName } from './message.ts';
import { peerOfWebhook } from './peers.ts';

const WEBHOOK = /^admission webhook "([^"]*)" denied the request(?: without explanation|: ([\s\S]*))?$/;
/** k8s.io/apiserver pkg/admission/plugin/policy/validating/dispatcher.go. */
const POLICY = /ValidatingAdmissionPolicy '([^']*)' with binding '([^']*)' denied request: ([^\n]*)/g;

const DENIED = { result: 'fail', action: 'deny' } as const;

/** Webhooks choose their messages. */
const MAX_LENGTH = 64 * 1024;

/** None for messages that are not denials. */
export function saidInDenial(whole: string): readonly Said[] {
  const message = whole.slice(0, MAX_LENGTH);
  const [, webhook, text = ''] = WEBHOOK.exec(message) ?? [];
  if (webhook !== undefined) return ofWebhook(peerOfWebhook(saidName(webhook)), text).map(named);
  const found = [...message.matchAll(POLICY)].map(([, policy = '', rule, reason = '']) => ({
    by: 'validating-admission-policy',
    policy,
    rule,
    ...DENIED,
    message: saidMessage(reason),
  }));
  return found.map(named);
}

/** Names come from the message. */
function named({ policy, rule, ...said }: Said): Said {
  return {
    ...said,
    ...(policy === undefined ? {} : { policy: saidName(policy) }),
    ...(rule === undefined ? {} : { rule: saidName(rule) }),
  };
}

type Reader = (text: string) => readonly Omit<Said, 'by'>[];

const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['kyverno', ofKyverno],
  ['gatekeeper', ofGatekeeper],
]);

/** A message that cannot be read further is that of one denial. */
function ofWebhook(by: string, text: string): readonly Said[] {
  const found = READERS.get(by)?.(text) ?? [];
  return found.length === 0 ? [{ by, ...DENIED, message: saidMessage(text) }] : found.map((one) => ({ by, ...one }));
}

/** Kyverno pkg/webhooks/utils/block.go: a heading, then policy -> rule -> message in YAML. Policies in CEL have one line each. */
function ofKyverno(text: string): readonly Omit<Said, 'by'>[] {
  const [, yaml] = /was blocked due to the following policies[^\n]*\n([\s\S]*)$/.exec(text) ?? [];
  if (yaml === undefined) return ofKyvernoCel(text);
  const [document] = parseDocuments(yaml);
  const policies = document?.ok === true && isObject(document.value) ? Object.entries(document.value) : [];
  return policies.flatMap(([policy, rules]) =>
    isObject(rules)
      ? Object.entries(rules).map(([rule, reason]) => ({ policy, rule, ...DENIED, message: saidMessage(reason) }))
      : [{ policy, ...DENIED, message: saidMessage(rules) }],
  );
}

function ofKyvernoCel(text: string): readonly Omit<Said, 'by'>[] {
  return [
    ...text.matchAll(/(?:^|; |\n)Policy (\S+) (failed|error): ((?:(?!; Policy \S+ (?:failed|error): )[^\n])*)/g),
  ].map(([, policy = '', how, reason = '']) => ({
    policy,
    result: how === 'failed' ? 'fail' : 'error',
    action: 'deny',
    message: saidMessage(reason),
  }));
}

/** Gatekeeper pkg/webhook/policy.go: `[constraint] message` for each violation; a message can have several lines. */
function ofGatekeeper(text: string): readonly Omit<Said, 'by'>[] {
  const starts = [...text.matchAll(/^\[([a-z0-9][-a-z0-9.]*)\] /gm)];
  return starts.map(({ index, 0: { length }, 1: policy }, at) => ({
    policy,
    ...DENIED,
    message: saidMessage(text.slice(index + length, starts[at + 1]?.index)),
  }));
}
