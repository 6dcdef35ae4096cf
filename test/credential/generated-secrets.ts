// Made pull secrets and images that meet often: few hosts and paths, every spelling of them, every way to be malformed.
import * as fc from 'fast-check';
import type { SecretQuestion } from '../oracle/keyring/oracle.ts';

const pick = (...values: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...values);

/** Most of the time the first one. */
const mostly = <T>(usual: fc.Arbitrary<T>, odd: fc.Arbitrary<T>, weight = 6): fc.Arbitrary<T> =>
  fc.oneof({ weight, arbitrary: usual }, { weight: 1, arbitrary: odd });

const host = pick('reg.io', 'a.reg.io', 'b.reg.io', 'a.b.reg.io', 'docker.io', 'index.docker.io', 'localhost');
const oddHost = pick(
  '[::1]',
  '[::A]',
  '[::ffff:1.2.3.4]',
  'A',
  'Reg.io',
  'exa_mple.io',
  '1.2.3.4',
  'registry-1.docker.io',
  'x--y.io',
  '[1:2:3:4:5:6:7:8]',
  '[1:2:3:4:5:6:7::8]',
  '[1:2:3:4:5:6:7::]',
  '[::g]',
  '[:::]',
);

export const repository: fc.Arbitrary<string> = fc
  .tuple(
    mostly(host, oddHost),
    mostly(pick('', '', ':5000'), pick(':443', ':0', ':99999')),
    pick('team/app', 'team2/app', 'team/app/part', 'library/nginx', 'v1/app', 'app', 'te', 'team', 'x'),
  )
  .map(([name, port, path]) => `${name}${port}/${path}`);

export const image: fc.Arbitrary<string> = fc.oneof(
  { weight: 5, arbitrary: repository },
  {
    weight: 1,
    arbitrary: pick('nginx', 'team/app', 'localhost/app', 'docker.io/app', 'index.docker.io/team/app', 'A/b'),
  },
);

const label = pick('reg', 'io', 'a', 'b', 'docker', 'index', '*', 're*', '*g', 'r*g', 'r*e*g', '**', '*e', 'Reg');
const oddLabel = pick(
  '?',
  're?',
  're[g]',
  '[a-z]',
  '[r]eg',
  'r\\eg',
  '%41',
  '%c3%a9',
  'é',
  '%25',
  '%',
  'r_g',
  '',
  ' ',
  '<',
  '"',
  '%ff',
  '\u007f',
  '\t',
);
const globHost = fc
  .array(mostly(label, oddLabel, 12), { minLength: 1, maxLength: 4 })
  .map((labels) => labels.join('.'));
const literalHost = pick(
  '[::1]',
  '[::A]',
  '[a-z]',
  '[::1%25en0]',
  '[::1%2525x]',
  '[::1%2525!-z]',
  '[::ffff:1.2.3.4]',
  '[::1',
  '::1',
  '[1.2.3.4]',
  '[::1]x',
  'a[b]',
  'localhost',
  'exa_mple.io',
  '1.2.3.4',
  'A',
  '*',
  'registry-1.docker.io',
  're[g].io',
  '[1:2:3:4:5:6:7::8]:5000',
  '[1:2:3:4:5:6:7::]:5000',
  '[::ffff:1.2.3.4]:5000',
  '',
);

const serverPath = mostly(
  pick('', '', '/', '/v1/', '/v2/', '/team', '/team/', '/te', '/team/app', '/v1/team', '/v1'),
  pick(
    '/v1//team',
    '//team',
    '/%74eam',
    '/team%3Fx',
    '/team%23x',
    '/team?x',
    '?x=%zz',
    '#x',
    '#%zz',
    '/%zz',
    '/é',
    '/%ff',
    '/a b',
    '/*',
    '/v3/',
    '/V1/',
    '/team%2525',
    '?',
  ),
  3,
);

export const server: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc
      .tuple(
        mostly(pick('', 'https://', 'http://'), pick('HTTPS://', 'ftp://', '//', 'https:/', 'https://https://'), 10),
        mostly(fc.constant(''), pick('u@', 'u:p@', 'u:p@q@', '%zz@', 'u p@', '@', 'é@'), 10),
        fc.oneof(
          { weight: 4, arbitrary: host },
          { weight: 4, arbitrary: globHost },
          { weight: 1, arbitrary: literalHost },
        ),
        mostly(pick('', '', ':5000'), pick(':', ':443', ':5*', ':a', ':5000:1', ':0')),
        serverPath,
      )
      .map((parts) => parts.join('')),
  },
  {
    weight: 2,
    arbitrary: pick('https://index.docker.io/v1/', 'index.docker.io', 'https://index.docker.io/v1', 'docker.io'),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
);

const base64 = (text: string, encoding: BufferEncoding = 'utf8'): string =>
  Buffer.from(text, encoding).toString('base64');

const user = fc.oneof(pick('ci', 'anna', 'bob', 'é', ''), fc.string({ maxLength: 5 }));
const userPassword = fc.tuple(user, user).map(([name, password]) => `${name}:${password}`);

const auth = fc.oneof(
  { weight: 8, arbitrary: userPassword.map((text) => base64(text)) },
  { weight: 3, arbitrary: userPassword.map((text) => base64(text).replaceAll('=', '')) },
  { weight: 2, arbitrary: userPassword.map((text) => `\r\n${base64(text).replace(/(.{3})/g, '$1\n')}\r`) },
  {
    weight: 1,
    arbitrary: fc
      .uint8Array({ maxLength: 6 })
      .map((bytes) => base64(`${Buffer.from(bytes).toString('latin1')}:é`, 'latin1')),
  },
  {
    weight: 1,
    arbitrary: pick(
      '',
      '=',
      'dTpw=',
      'dTp3\n=',
      'dTpw\u00a0',
      'dTp=',
      'dTp==',
      'dTo===',
      'dT=o',
      ' dTpw',
      'dTpw ',
      'dT pw',
      'dTp_',
      'dTp-',
      'ZHU',
      'Zm9v',
      'dTq=',
      'dTr',
      'd',
    ),
  },
);

/** JSON of another type than the field has. */
const oddJson = pick('null', 'null', '1', '-1.5e7', 'true', '[]', '["x"]', '{}', '{"a":[{}]}', '""', '"x"');

const spelled = (name: string): fc.Arbitrary<string> =>
  mostly(
    fc.constant(name),
    pick(name.toUpperCase(), name.replace('s', 'ſ'), name.replace('k', '\u212a'), `${name}x`, name.replace('s', 'ß')),
    8,
  );

const text = (value: string): string => JSON.stringify(value);

type Member = readonly [string, string];

const objectOf = (members: readonly Member[], space = ''): string =>
  `{${space}${members.map(([name, value]) => `${text(name)}${space}:${space}${value}`).join(`${space},${space}`)}${space}}`;

const member = (name: string, value: fc.Arbitrary<string>): fc.Arbitrary<Member> =>
  fc.tuple(spelled(name), mostly(value.map(text), oddJson, 25));

const entry = mostly(
  fc
    .array(
      fc.oneof(
        { weight: 3, arbitrary: member('username', user) },
        { weight: 2, arbitrary: member('password', user) },
        { weight: 3, arbitrary: member('auth', auth) },
        { weight: 1, arbitrary: member('email', user) },
        { weight: 1, arbitrary: fc.tuple(pick('identitytoken', 'registrytoken', '', 'x'), oddJson) },
      ),
      { maxLength: 4 },
    )
    .map((members) => objectOf(members)),
  oddJson,
  25,
);

const entries = mostly(
  fc.array(fc.tuple(server, entry), { maxLength: 5 }).map((members) => objectOf(members, ' ')),
  oddJson,
  30,
);

const settings = fc
  .array(
    fc.oneof(
      { weight: 8, arbitrary: fc.tuple(spelled('auths'), entries) },
      { weight: 1, arbitrary: fc.constant(['auths', 'null'] as const) },
      {
        weight: 1,
        arbitrary: fc.tuple(spelled('HttpHeaders'), mostly(pick('{}', '{"a":"b"}', '{"a":null}', 'null'), oddJson)),
      },
      { weight: 1, arbitrary: fc.tuple(pick('credsStore', 'credHelpers', ''), oddJson) },
    ),
    { minLength: 1, maxLength: 3 },
  )
  .map((members) => objectOf(members, '\n\t'));

/** Bytes that are changed, cut or added to. */
const spoiled = (file: fc.Arbitrary<string>): fc.Arbitrary<Buffer> =>
  fc
    .tuple(
      file,
      fc.nat(),
      fc.nat(),
      pick(
        '',
        '}',
        ']',
        ',',
        '"',
        '\\',
        '\\ud800',
        '\\u00e',
        '0',
        '\u0000',
        '\u00ff',
        '\u00c3',
        '\u00ed\u00a0\u0080',
        'nul',
        ' ',
        '\ufeff',
        '1.',
        '-',
      ),
    )
    .map(([json, from, length, added]) => {
      const bytes = Buffer.from(json);
      const at = from % (bytes.length + 1);
      return Buffer.concat([bytes.subarray(0, at), Buffer.from(added, 'latin1'), bytes.subarray(at + (length % 3))]);
    });

/** encoding/json reads 10,000 levels. */
const nested = (lists: number): string => `{"x": ${'['.repeat(lists)}${']'.repeat(lists)}}`;

const file = (json: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  mostly(
    json.map((whole) => Buffer.from(whole)),
    fc.oneof(
      spoiled(json),
      pick('', ' ', 'null', '[]', '""', '1', '{', '{}', '{"auths":null}', nested(9999), nested(10_000)).map((whole) =>
        Buffer.from(whole),
      ),
    ),
    12,
  ).map((bytes) => bytes.toString('base64'));

type Data = SecretQuestion['data'];

const shaped = (type: string, key: string, json: fc.Arbitrary<string>): fc.Arbitrary<readonly [string, Data]> =>
  file(json).map((bytes) => [type, { [key]: bytes }] as const);

const JSON_TYPE = 'kubernetes.io/dockerconfigjson';
const CFG_TYPE = 'kubernetes.io/dockercfg';

const secret = fc.oneof(
  { weight: 8, arbitrary: shaped(JSON_TYPE, '.dockerconfigjson', settings) },
  { weight: 4, arbitrary: shaped(CFG_TYPE, '.dockercfg', entries) },
  { weight: 1, arbitrary: shaped('Opaque', '.dockerconfigjson', settings) },
  { weight: 1, arbitrary: shaped(CFG_TYPE, '.dockerconfigjson', settings) },
  { weight: 1, arbitrary: shaped(JSON_TYPE, '.dockercfg', entries) },
  { weight: 1, arbitrary: shaped(JSON_TYPE, 'config.json', settings) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(file(settings), file(entries))
      .map(
        ([settingsFile, entriesFile]) =>
          [CFG_TYPE, { '.dockerconfigjson': settingsFile, '.dockercfg': entriesFile }] as const,
      ),
  },
);

/** One of them may be named twice. */
export const secrets: fc.Arbitrary<readonly SecretQuestion[]> = fc
  .tuple(fc.array(secret, { maxLength: 4 }), fc.option(fc.nat(3), { freq: 5, nil: 99 }))
  .map(([list, again]) => {
    const named = list.map(([type, data], index) => ({ name: `s${index}`, type, data }));
    const repeated = named[again];
    return repeated === undefined ? named : [...named, repeated];
  });

/** Patterns and names for filepath.Match; names are ASCII without "/". */
export const glob: fc.Arbitrary<readonly [string, string]> = fc.tuple(
  fc
    .array(
      pick('a', 'b', '-', '*', '?', '[', ']', '^', '\\', '[a-b]', '[^a]', '[b]', '.', 'é', '!', '[a-é]', '[]', '\\*'),
      { maxLength: 7 },
    )
    .map((parts) => parts.join('')),
  fc
    .array(pick('a', 'b', 'c', '-', '*', ']', '[', '.', '^', '\\', '?', '!'), { maxLength: 6 })
    .map((parts) => parts.join('')),
);
