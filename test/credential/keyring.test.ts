/** The kubelet's use of pull secrets, as a table; keyring-oracle.test.ts compares with the kubelet's code. */
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { type Keyring, keyringOf } from '../../src/credential/keyring.ts';
import type { PullSecret } from '../../src/credential/pull-secret.ts';
import { type ImageReference, parseReference } from '../../src/image/reference.ts';
import { cpuRatio } from '../support/cpu-ratio.ts';
import { secretFor, secretOf } from './pull-secrets.ts';

function referenceTo(text: string): ImageReference {
  const parsed = parseReference(text);
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.reference;
}

function opened(secrets: readonly PullSecret[]): Extract<Keyring, { readonly ok: true }> {
  const keyring = keyringOf(secrets);
  if (!keyring.ok) throw new Error(keyring.faults.map(({ problem }) => problem).join('\n'));
  return keyring;
}

const usersFor = (image: string, ...secrets: readonly PullSecret[]): readonly string[] =>
  opened(secrets)
    .candidatesFor(referenceTo(image))
    .map(({ username }) => username);

describe('a key matches an image', () => {
  test.each<[string, string, boolean]>([
    ['reg.io', 'reg.io/a', true],
    ['https://reg.io', 'reg.io/a', true],
    ['http://reg.io/', 'reg.io/a', true],
    ['HTTPS://reg.io', 'reg.io/a', false],
    ['https://reg.io/v1/', 'reg.io/a', true],
    ['https://reg.io/v2/', 'reg.io/a', true],
    ['https://reg.io/v2', 'reg.io/a', false],
    ['reg.io/v2/team', 'reg.io/team/a', true],
    ['user:pass@reg.io', 'reg.io/a', true],
    ['reg.io?a=b', 'reg.io/a', true],
    ['reg.io#x', 'reg.io/a', true],
    ['reg.io#%zz', 'reg.io/a', false],
    ['Reg.io', 'reg.io/a', false],
    // Ports are compared as texts, and no port is not 443.
    ['reg.io:5000', 'reg.io:5000/a', true],
    ['reg.io', 'reg.io:5000/a', false],
    ['reg.io:443', 'reg.io/a', false],
    ['reg.io:', 'reg.io/a', true],
    ['reg.io:5*', 'reg.io:5000/a', false],
    // A star matches within its label.
    ['*.reg.io', 'a.reg.io/b', true],
    ['*.reg.io', 'reg.io/b', false],
    ['*.reg.io', 'a.b.reg.io/c', false],
    ['r*g.io', 'reg.io/a', true],
    ['re?.io', 'reg.io/a', false],
    ['[a-z]eg.io', 'reg.io/a', false],
    // A path is a string prefix.
    ['reg.io/team', 'reg.io/team/a', true],
    ['reg.io/team', 'reg.io/team2/a', true],
    ['reg.io/team/', 'reg.io/team2/a', false],
    ['reg.io/*', 'reg.io/a', false],
    ['reg.io/%74eam', 'reg.io/team/a', true],
    // Docker Hub has several names.
    ['https://index.docker.io/v1/', 'nginx', true],
    ['index.docker.io', 'team/app', true],
    ['index.docker.io/v1/', 'docker.io/nginx', true],
    ['https://index.docker.io/v1', 'nginx', false],
    ['docker.io', 'nginx', true],
    ['https://docker.io/v1/', 'nginx', true],
    ['registry-1.docker.io', 'nginx', false],
    ['hub.docker.com', 'nginx', false],
    ['index.docker.io', 'reg.io/a', false],
    ['index.docker.io', 'localhost/a', true],
    ['index.docker.io', 'localhost:5000/a', false],
    // Addresses in brackets are taken for globs, unless there is a port.
    ['[::1]:5000', '[::1]:5000/a', true],
    ['[::1]', '[::1]/a', false],
    ['exa_mple.io', 'exa_mple.io/a', true],
  ])('%s, %s: %s', (server, image, matches) => {
    expect(usersFor(image, secretFor('s', server))).toEqual(matches ? [server] : []);
  });
});

describe('matching credentials are tried', () => {
  test('in descending order of the keys, so that the longer path and the literal host come first', () => {
    const servers = ['reg.io', '*.io', 'reg.io/team', 'r*.io', 'reg.io/team/a', 'https://reg.io/te'];
    expect(usersFor('reg.io/team/a', secretFor('s', ...servers))).toEqual([
      'reg.io/team/a',
      'reg.io/team',
      'https://reg.io/te',
      'reg.io',
      'r*.io',
      '*.io',
    ]);
  });

  test('from all secrets, for one key in the order of the secrets', () => {
    const [one, other] = [secretFor('one', 'reg.io', 'reg.io/a'), secretFor('other', 'https://reg.io/v1/')];
    expect(usersFor('reg.io/a', one, other)).toEqual(['reg.io/a', 'reg.io', 'https://reg.io/v1/']);
    expect(usersFor('reg.io/a', other, one)).toEqual(['reg.io/a', 'https://reg.io/v1/', 'reg.io']);
  });

  test("with Docker Hub's own entries only where nothing else matches", () => {
    const hub = secretFor('hub', 'https://index.docker.io/v1/');
    expect(usersFor('nginx', hub, secretFor('s', '*.io'))).toEqual(['*.io']);
    expect(usersFor('nginx', hub, secretFor('s', 'docker.io/team'), secretFor('t', 'index.docker.io'))).toEqual([
      'https://index.docker.io/v1/',
      'index.docker.io',
    ]);
  });

  test('with their source, without a possible password', () => {
    const [candidate] = opened([secretFor('s', 'https://ci:hush@reg.io/v2/?token=hush')]).candidatesFor(
      referenceTo('reg.io/a'),
    );
    expect(candidate).toMatchObject({ secret: 's', key: 'https://***@reg.io/v2/?…', registry: 'reg.io' });
  });
});

describe('an entry', () => {
  const b64 = (text: string): string => Buffer.from(text, 'latin1').toString('base64');
  const pairFor = (entry: string): readonly string[] => {
    const found = opened([secretOf('s', `{"reg.io": ${entry}}`, 'kubernetes.io/dockercfg')]);
    return found.candidatesFor(referenceTo('reg.io/a')).flatMap(({ username, password }) => [username, password()]);
  };

  test.each<[string, string, string, string]>([
    ['user name and password', '{"username": "u", "password": "p"}', 'u', 'p'],
    ['names in any case, also in odd letters', '{"USERNAME": "u", "pa\u017f\u017fword": "p"}', 'u', 'p'],
    ['no other names', '{"user-name": "u", "pa\u00dfword": "p"}', '', ''],
    ['the last of two', '{"username": "u", "Username": "v"}', 'v', ''],
    ['no null', '{"username": "u", "username": null}', 'u', ''],
    ['auth before the other two', `{"auth": "${b64('a:b')}", "username": "u"}`, 'a', 'b'],
    ['an empty auth as none', '{"auth": "", "username": "u"}', 'u', ''],
    ['auth up to the first colon', `{"auth": "${b64('a:b:c')}"}`, 'a', 'b:c'],
    ['auth without padding', '{"auth": "YTpi"}', 'a', 'b'],
    ['auth without padding where some belongs', '{"auth": "YTo"}', 'a', ''],
    ['auth with line breaks', '{"auth": "\\r\\nYT\\npiYg\\n=\\n=\\n"}', 'a', 'bb'],
    ['what is not UTF-8 as U+FFFD, one for each byte', `{"auth": "${b64('a:\u00e2\u0082')}"}`, 'a', '\ufffd\ufffd'],
    ['a lone surrogate as U+FFFD', '{"username": "\\ud800"}', '\ufffd', ''],
    ['no tokens', '{"identitytoken": "t", "registrytoken": "t"}', '', ''],
    ['null', 'null', '', ''],
  ])('holds %s', (_what, entry, username, password) => {
    expect(pairFor(entry)).toEqual([username, password]);
  });
});

describe('a malformed secret fails the keyring', () => {
  const faultsOf = (file: string, type?: string): readonly string[] => {
    const keyring = keyringOf([secretFor('good', 'reg.io'), secretOf('bad', file, type)]);
    return keyring.ok ? [] : keyring.faults.map(({ secret, key, problem }) => `${secret} ${key}: ${problem}`);
  };
  const auths = (entry: string): string => `{"auths": {"reg.io": ${entry}}}`;

  test.each<[string, string]>([
    ['{', 'not JSON: it ends where a name in quotes is expected'],
    ['{"auths": {},}', 'not JSON at line 1, column 14: a name in quotes is expected there'],
    ['{"auths":\n  {"a" "b"}}', 'not JSON at line 2, column 8: ":" is expected there'],
    ['{} {}', 'not JSON at line 1, column 4: nothing more after the value is expected there'],
    ['\ufeff{}', 'not JSON at line 1, column 1: a value is expected there'],
    [
      '{"auths": {"a": "\t"}}',
      'not JSON at line 1, column 18: an escape instead of a control character is expected there',
    ],
    ['{"auths": {"a": "\\x"}}', 'not JSON at line 1, column 18: an escape that JSON knows is expected there'],
    ['{"auths": {"a', 'not JSON: it ends where the closing quote of a string is expected'],
    ['{"x": 01}', 'not JSON at line 1, column 8: "," or "}" is expected there'],
    [`{"x": ${'['.repeat(10_000)}${']'.repeat(10_000)}}`, 'not JSON that Go reads: nested too deep'],
    ['[]', 'the file must be an object (found a list)'],
    ['{"auths": "x"}', '"auths" must be an object (found a string)'],
    ['{"HttpHeaders": {"a": 1}}', 'a value of "HttpHeaders" must be a string (found a number)'],
    [auths('[]'), 'entry "reg.io" must be an object (found a list)'],
    [auths('{"username": true}'), 'entry "reg.io": "username" must be a string (found true or false)'],
    [auths('{"email": {}}'), 'entry "reg.io": "email" must be a string (found an object)'],
    [auths('{"auth": "h u s h"}'), 'entry "reg.io": "auth" is not valid base64 (standard alphabet, no spaces)'],
    [auths('{"auth": "aHVz_-=="}'), 'entry "reg.io": "auth" is not valid base64 (standard alphabet, no spaces)'],
    [auths('{"auth": "aHVzaA=="}'), 'entry "reg.io": "auth" contains no ":"; it must be base64 of user:password'],
    ['{"auths": {"https://a:hush@b.io": 1}}', 'entry "https://***@b.io" must be an object (found a number)'],
  ])('%s', (file, problem) => {
    expect(faultsOf(file)).toEqual([`bad .dockerconfigjson: ${problem}`]);
  });

  test('with up to twenty faults', () => {
    expect(faultsOf('{"a": 1, "b": {"auth": "?", "username": 2}, "c": {}}', 'kubernetes.io/dockercfg')).toEqual([
      'bad .dockercfg: entry "a" must be an object (found a number)',
      'bad .dockercfg: entry "b": "username" must be a string (found a number)',
      'bad .dockercfg: entry "b": "auth" is not valid base64 (standard alphabet, no spaces)',
    ]);
    const many = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`r${index}`, 1]));
    expect(faultsOf(JSON.stringify({ auths: many }))).toHaveLength(20);
  });

  test('unless the kubelet ignores it', () => {
    expect(faultsOf('{', 'Opaque')).toEqual([]);
    expect(faultsOf('')).toEqual([]);
    expect(faultsOf('null')).toEqual([]);
    expect(faultsOf('{"auths": null}')).toEqual([]);
  });
});

test('passwords are never printed, logged, or serialized', () => {
  const secret = secretOf('s', '{"auths": {"reg.io": {"username": "u", "password": "hush"}}}');
  const keyring = opened([secret]);
  const [candidate] = keyring.candidatesFor(referenceTo('reg.io/a'));
  expect(candidate?.password()).toBe('hush');
  for (const value of [secret, secret.contents(), keyring, candidate, { ...candidate }]) {
    expect(JSON.stringify(value)).not.toMatch(/hush|104,117,115,104/);
    expect(inspect(value, { depth: 10, showHidden: true })).not.toMatch(/hush|104, 117, 115, 104/);
  }
});

describe('hostile Secrets take linear time', () => {
  const numbered = (count: number, server: (index: number) => string): PullSecret =>
    secretFor('s', ...Array.from({ length: count }, (_, index) => server(index)));

  /** No path of an entry matches them, so a search in all entries would not end early. */
  const references = Array.from({ length: 100 }, (_, index) => referenceTo(`reg.io/none-${index}`));
  const amounts = { small: 10_000, large: 80_000 };

  // Eight times the size takes eight times as long, or sixty-four if something is wrong.
  test.each<[string, (count: number) => PullSecret]>([
    ['hosts', (count) => numbered(count, (index) => `r${index}.io`)],
    ['paths of one host', (count) => numbered(count, (index) => `reg.io/${index}`)],
    ['spellings of one host', (count) => numbered(count, (index) => `u${index}@reg.io`)],
    ['stars in one key', (count) => secretFor('s', `${'*a'.repeat(6 * count)}.io`)],
    ['percent signs in one key', (count) => secretFor('s', `reg.io/${'%25'.repeat(4 * count)}`)],
    ['colons after an open bracket', (count) => secretFor('s', `[${':'.repeat(12 * count)}]`)],
    ['open lists', (count) => secretOf('s', '['.repeat(12 * count))],
    ['quotes', (count) => secretOf('s', '{"a":"'.repeat(3 * count))],
    ['letters of an auth', (count) => secretOf('s', `{"auths":{"reg.io":{"auth":"${'A'.repeat(40 * count)}"}}}`)],
    ['bytes that are not UTF-8', (count) => secretOf('s', new Uint8Array(40 * count).fill(0xff))],
  ])(
    'with many %s',
    async (_what, secretWith) => {
      const read = (count: number): unknown => {
        const keyring = keyringOf([secretWith(count)]);
        return keyring.ok && keyring.coverageOf(referenceTo(`${'a'.repeat(3000)}.io/x`));
      };
      expect(await cpuRatio(read, amounts)).toBeLessThan(32);
    },
    60_000,
  );

  // A lookup that goes through all entries takes eight times as long.
  test.each<[string, (index: number) => string]>([
    ['hosts', (index) => `r${index}.io`],
    ['paths of one host', (index) => `reg.io/${index}`],
    ['spellings of one host', (index) => `u${index}@reg.io`],
  ])('a lookup among many %s takes the same time as among few', async (_what, server) => {
    const { small, large } = amounts;
    const keyrings = new Map([small, large].map((count) => [count, opened([numbered(count, server)])]));
    const lookUp = (count: number): void => {
      for (const reference of references) keyrings.get(count)?.coverageOf(reference);
    };
    expect(await cpuRatio(lookUp, amounts)).toBeLessThan(4);
  });

  test('names of JavaScript properties are ordinary entries', () => {
    const file = '{"auths": {"__proto__": {"username": "u"}, "constructor": {"__proto__": 1}}}';
    expect(opened([secretOf('s', file)]).candidatesFor(referenceTo('reg.io/a'))).toEqual([]);
  });
});
