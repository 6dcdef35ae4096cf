/**
 * Named formats (k8s.io/apiserver/pkg/cel/library/format.go): `format.dns1123Label().validate("a_b")` returns the problems in
 * the words of Kubernetes, or none. Only the problems of URIs differ from those of Go's parser.
 */
import { dayStart } from '../../go/date.ts';
import { spend } from '../budget.ts';
import { func, method, type Overload } from '../overload.ts';
import { listOf, type NamedFormat, NONE, some } from '../value.ts';
import { isRequestUri } from './urls.ts';

const TYPE = 'kubernetes.NamedFormat';

/** Returns the problems; empty if the text is valid. */
type Check = (text: string) => readonly string[];

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const LABEL_1035 = '[a-z]([-a-z0-9]*[a-z0-9])?';
const NAME = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const NAME_WORDS =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

/** Kubernetes counts bytes where its messages say characters. */
const bytesIn = (text: string): number => new TextEncoder().encode(text).length;

const fits = (text: string, pattern: string): boolean => new RegExp(`^${pattern}$`).test(text);

function tooLong(text: string, max: number, unit: 'characters' | 'bytes'): readonly string[] {
  return bytesIn(text) > max ? [`must be no more than ${max} ${unit}`] : [];
}

function misfit(words: string, pattern: string, ...examples: readonly string[]): string {
  const shown = examples.map((example) => `'${example}', `).join(' or ');
  return `${words} (e.g. ${shown}regex used for validation is '${pattern}')`;
}

const dns1123Label: Check = (text) => [
  ...tooLong(text, 63, 'characters'),
  ...(fits(text, LABEL) ? [] : [labelProblem(text)]),
];

function labelProblem(text: string): string {
  if (fits(text, SUBDOMAIN)) return 'must not contain dots';
  const words =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
  return misfit(words, LABEL, 'my-name', '123-abc');
}

const dns1123Subdomain: Check = (text) => {
  const words =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
  return [
    ...tooLong(text, 253, 'characters'),
    ...(fits(text, SUBDOMAIN) ? [] : [misfit(words, SUBDOMAIN, 'example.com')]),
  ];
};

const dns1035Label: Check = (text) => {
  const words =
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";
  return [
    ...tooLong(text, 63, 'characters'),
    ...(fits(text, LABEL_1035) ? [] : [misfit(words, LABEL_1035, 'my-name', 'abc-123')]),
  ];
};

const labelValue: Check = (text) => {
  const words = `a valid label must be an empty string or consist of ${NAME_WORDS.slice('must consist of '.length)}`;
  const pattern = `(${NAME})?`;
  return [
    ...tooLong(text, 63, 'bytes'),
    ...(fits(text, pattern) ? [] : [misfit(words, pattern, 'MyValue', 'my_value', '12345')]),
  ];
};

const qualifiedName: Check = (text) => {
  const [first = '', second, third] = text.split('/', 3);
  const nameProblem = misfit(NAME_WORDS, NAME, 'MyName', 'my.name', '123-abc');
  if (third !== undefined) {
    return [
      `a valid label key ${nameProblem} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  const name = second ?? first;
  const inName = [
    ...(name === '' ? ['must be non-empty'] : tooLong(name, 63, 'bytes')),
    ...(fits(name, NAME) ? [] : [nameProblem]),
  ].map((problem) => `name part ${problem}`);
  return second === undefined ? inName : [...prefixProblems(first), ...inName];
};

function prefixProblems(prefix: string): readonly string[] {
  const problems = prefix === '' ? ['must be non-empty'] : dns1123Subdomain(prefix);
  return problems.map((problem) => `prefix part ${problem}`);
}

/** Checks a prefix of a name, which can end with a hyphen. */
const asPrefix =
  (check: Check): Check =>
  (text) =>
    check(/[\u0000-\u007f]-$/.test(text) ? `${text.slice(0, -2)}a` : text);

const unless =
  (isFine: (text: string) => boolean, problem: string): Check =>
  (text) =>
    isFine(text) ? [] : [problem];

const isUuid = (text: string): boolean =>
  /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i.test(text);
const isBase64 = (text: string): boolean => text !== '' && text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text);
const isDate = (text: string): boolean => dayStart(text) !== undefined;

/** k8s.io/kube-openapi, IsDateTime: any character can separate the fraction, and the offset is not checked. */
function isDateTime(text: string): boolean {
  const [day = '', time = ''] = text.toLowerCase().split('t', 2);
  const [, ...clock] = /^(\d\d):(\d\d):(\d\d)(?:.\d+)?(?:z|[+-]\d\d:\d\d)$/u.exec(time) ?? [];
  return isDate(day) && clock.length > 0 && clock.every((part, index) => part <= (index === 0 ? '23' : '59'));
}

const FORMATS: Readonly<Record<string, Check>> = {
  dns1123Label,
  dns1123Subdomain,
  dns1035Label,
  qualifiedName,
  dns1123LabelPrefix: asPrefix(dns1123Label),
  dns1123SubdomainPrefix: asPrefix(dns1123Subdomain),
  dns1035LabelPrefix: asPrefix(dns1035Label),
  labelValue,
  uri: unless(isRequestUri, 'not a URI: an absolute one, or a path that begins with "/"'),
  uuid: unless(isUuid, 'does not match the UUID format'),
  byte: unless(isBase64, 'invalid base64'),
  date: unless(isDate, 'invalid date'),
  datetime: unless(isDateTime, 'invalid datetime'),
};

const formatNamed = (name: string): NamedFormat => ({ tag: 'format', name });

export const NAMED_FORMATS: readonly Overload[] = [
  ...Object.keys(FORMATS).map((name) => func(`format.${name}(): ${TYPE}`, () => formatNamed(name))),
  func(`format.named(string): optional<${TYPE}>`, ([name]: [string]) =>
    Object.hasOwn(FORMATS, name) ? some(formatNamed(name)) : NONE,
  ),
  method(`${TYPE}.validate(string): optional<list<string>>`, ([{ name }, text]: [NamedFormat, string], budget) => {
    spend(budget, text.length);
    const problems = FORMATS[name]?.(text) ?? [];
    return problems.length === 0 ? NONE : some(listOf(problems));
  }),
];
