/**
 * What an API server checks in the answer of a webhook (staging/src/k8s.io/apiserver/pkg/admission/plugin/webhook/request/
 * admissionreview.go, pkg/endpoints/filters/warning.go, pkg/admission/attributes.go), written down a second time, without our
 * own types; and what we promise on top: nothing invisible in a message, and an answer of a bounded size.
 */
type Json = { readonly [key: string]: unknown };

export interface SentReview {
  readonly apiVersion: string;
  readonly uid: string;
  readonly endpoint: 'validate' | 'mutate';
}

const MAX_ANSWER_CHARACTERS = 200_000;

/** Everything that is wrong with the bytes of an answer. */
export function answerFaults(text: string, sent: SentReview): readonly string[] {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    return ['is not JSON'];
  }
  if (!isObject(answer) || !isObject(answer['response'])) return ['has no response'];
  const { response } = answer;
  return [
    ...(text.length - 6 * sent.uid.length > MAX_ANSWER_CHARACTERS ? [`has ${text.length} characters`] : []),
    ...(answer['apiVersion'] === sent.apiVersion ? [] : ['apiVersion is not that of the request']),
    ...(answer['kind'] === 'AdmissionReview' ? [] : ['kind']),
    ...(response['uid'] === sent.uid ? [] : ['uid is not that of the request']),
    ...unknownKeys(answer, ['apiVersion', 'kind', 'response']),
    ...unknownKeys(response, ['uid', 'allowed', 'status', 'patch', 'patchType', 'warnings', 'auditAnnotations']),
    ...(typeof response['allowed'] === 'boolean' ? [] : ['allowed is not a boolean']),
    ...(sent.endpoint === 'validate' ? noPatch(response) : patchFaults(response)),
    ...statusFaults(response),
    ...warningFaults(response['warnings']),
    ...annotationFaults(response['auditAnnotations']),
  ];
}

function unknownKeys(object: Json, known: readonly string[]): readonly string[] {
  return Object.keys(object)
    .filter((key) => !known.includes(key))
    .map((key) => `unknown key ${key}`);
}

function noPatch(response: Json): readonly string[] {
  return 'patch' in response || 'patchType' in response ? ['a validating answer has a patch'] : [];
}

function patchFaults({ patch, patchType }: Json): readonly string[] {
  if (patch === undefined && patchType === undefined) return [];
  if (patchType !== 'JSONPatch' || typeof patch !== 'string') return ['patch and patchType do not come together'];
  const bytes = Buffer.from(patch, 'base64');
  if (bytes.toString('base64') !== patch) return ['patch is not standard, padded base64'];
  return Array.isArray(JSON.parse(bytes.toString())) ? [] : ['patch is not a list'];
}

function statusFaults({ allowed, status }: Json): readonly string[] {
  if (allowed === true) return status === undefined ? [] : ['allowed, but has a status'];
  if (!isObject(status)) return ['denied without a status'];
  const { code, reason, message, details } = status;
  return [
    ...unknownKeys(status, ['status', 'reason', 'code', 'message', 'details']),
    ...(status['status'] === 'Failure' ? [] : ['status is not Failure']),
    ...(code === 403 && reason === 'Forbidden' ? [] : ['a policy denies with 403 Forbidden']),
    ...(typeof message === 'string' && message !== ''
      ? message.split('\n').flatMap(visible('message'))
      : ['no message']),
    ...(isObject(details) ? detailFaults(details) : ['no details']),
  ];
}

function detailFaults({ group, kind, name, causes }: Json): readonly string[] {
  const faults = [group, kind, name].every((value) => typeof value === 'string')
    ? []
    : ['details have other values than strings'];
  if (!Array.isArray(causes) || causes.length === 0) return [...faults, 'no causes'];
  return [...faults, ...causes.flatMap(causeFaults)];
}

function causeFaults(cause: unknown): readonly string[] {
  if (!isObject(cause)) return ['a cause is not an object'];
  const { reason, message, field } = cause;
  if (typeof reason !== 'string' || typeof message !== 'string' || typeof field !== 'string')
    return ['a cause has other values than strings'];
  return [...visible('cause')(message), ...visible('field')(field), ...(message === '' ? ['an empty cause'] : [])];
}

function warningFaults(warnings: unknown): readonly string[] {
  if (warnings === undefined) return [];
  if (!Array.isArray(warnings) || warnings.length === 0) return ['warnings are no list, or an empty one'];
  const texts = warnings.filter((warning): warning is string => typeof warning === 'string' && warning !== '');
  const runes = texts.map((text) => Array.from(text).length);
  return [
    ...(texts.length === warnings.length ? [] : ['a warning that is empty or no text']),
    ...texts.flatMap(visible('warning')),
    ...(runes.every((count) => count <= 256) ? [] : ['a warning of more than 256 runes']),
    ...(runes.reduce((sum, count) => sum + count, 0) <= 4096 ? [] : ['warnings of more than 4096 runes']),
  ];
}

function annotationFaults(annotations: unknown): readonly string[] {
  if (annotations === undefined) return [];
  if (!isObject(annotations)) return ['auditAnnotations are no object'];
  return Object.entries(annotations).flatMap(([key, value]) => [
    ...(/^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/.test(key) ? [] : [`audit annotation key ${key}`]),
    ...(typeof value === 'string'
      ? value.split('\n').flatMap(visible('audit annotation'))
      : ['audit annotation is not a string']),
  ]);
}

/** Control and format characters (bidi among them), line separators, lone surrogates. */
function visible(what: string): (text: string) => readonly string[] {
  return (text) => (/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(text) ? [`something invisible in a ${what}`] : []);
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
