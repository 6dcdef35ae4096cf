/** Globs that can never match what their field holds: each is refused with its place, the reason and the nearest form. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileGlob } from '../../src/image/glob.ts';
import { canMatch, type Language } from '../../src/image/glob-reach.ts';
import { readException } from '../../src/policy/exception-document.ts';
import { ACCOUNT as ACCOUNT_NAMES, LABEL, OBJECT_NAME, SUBDOMAIN, TAG, TEXT } from '../../src/policy/name-language.ts';
import { kinds, read } from './fixtures.ts';

const STAR = 'only "*" is a special character';
const LABELS = 'have lowercase letters, digits, and inner hyphens, at most 63 characters';
const NAMES = 'object names have lowercase letters, digits, "-", and ".", at most 253 characters';
const TAGS = 'tags have letters, digits, "_", ".", and "-", at most 128 characters, and begin with neither "." nor "-"';
const TEXTS = 'have no whitespace around them and no control characters; only "*" is a special character';
const ACCOUNT = 'a ServiceAccount is the user "system:serviceaccount:NAMESPACE:NAME"';

/** Faults of a policy whose `match` and whose `exclude` have this glob as the second of its key. */
function inClauses(key: string, glob: string): readonly string[] {
  return ['match', 'exclude'].flatMap((clause) => {
    const result = read(`{${clause}: {${key}: ["*", ${JSON.stringify(glob)}]}, rules: [{rule: image-digest}]}`);
    return result.ok
      ? []
      : result.faults.map(({ pointer, problem }) => {
          expect(pointer).toBe(`/spec/${clause}/${key}/1`);
          return problem;
        });
  });
}

function inException(key: string, glob: string): readonly string[] {
  const result = readException(
    {
      apiVersion: 'tidewaiter.dev/v1alpha1',
      kind: 'ImagePolicyException',
      metadata: { name: 'x' },
      spec: {
        policy: 'p',
        rules: ['image-tag'],
        match: { [key]: ['*', glob] },
        owner: 'a',
        reason: 'b',
        expires: '2027-01-31',
      },
    },
    { kinds, policies: new Map([['p', ['image-tag']]]) },
  );
  return result.ok ? [] : result.faults.map(({ pointer, problem }) => `${pointer}: ${problem}`);
}

describe('namespaces', () => {
  test.each(['*', '**', 'shop', 'team-*', '*-dev', '0', 'a*-*b', `${'a'.repeat(63)}*`, 'kube-*', '*--*'])(
    '%j can match',
    (glob) => {
      expect(inClauses('namespaces', glob)).toEqual([]);
      expect(inException('namespaces', glob)).toEqual([]);
    },
  );

  test.each<[string, string]>([
    ['sho?', `${STAR}; use "sho*"`],
    ['Shop', 'namespaces have no uppercase letters; use "shop"'],
    ['TEAM-*', 'namespaces have no uppercase letters; use "team-*"'],
    ['shop ', 'there is whitespace around it; use "shop"'],
    ['\tshop', 'there is whitespace around it; use "shop"'],
    ['shop\n', 'there is whitespace around it; use "shop"'],
    ['{a,b}', `${STAR}; use 2 entries: "a", "b"`],
    ['team-{a, b}', `${STAR}; use 2 entries: "team-a", "team-b"`],
    ['(dev|test)-*', `${STAR}; use 2 entries: "dev-*", "test-*"`],
    ['dev|test|prod', `${STAR}; use 3 entries: "dev", "test", "prod"`],
    ['dev,test', `${STAR}; use 2 entries: "dev", "test"`],
    ['team-.*', `${STAR}; use "team-*"`],
    ['^team-', `${STAR}; use "team-*"`],
    ['-system$', `${STAR}; use "*-system"`],
    ['^shop$', `${STAR}; use "shop"`],
    ['/team-.*/', `${STAR}; use "team-*"`],
    ['team-[ab]', `${STAR}; use "team-*"`],
    ['team-\\d+', `${STAR}; use "team-*"`],
    ['.*', `${STAR}; use "*"`],
    ['[ab]', STAR],
    ['$(NS)', STAR],
    ['a_b*', `namespaces ${LABELS}; use "a-b*"`],
    ['-*', `namespaces ${LABELS}`],
    ['*-', `namespaces ${LABELS}`],
    ['shop-', `namespaces ${LABELS}; use "shop"`],
    ['kube.system', `namespaces ${LABELS}`],
    ['shop/web', `namespaces ${LABELS}`],
    [' ', `namespaces ${LABELS}`],
    ['sh\u043ep', `namespaces ${LABELS} (found "\u043e", U+043E)`],
    ['shop\u200b', `namespaces ${LABELS} (found "\\u200b", U+200B); use "shop"`],
    [`*${'a'.repeat(64)}*`, `namespaces ${LABELS}`],
  ])('%j: %s', (glob, reason) => {
    const faults = inClauses('namespaces', glob);
    expect(faults).toHaveLength(2);
    for (const fault of faults)
      expect(fault.replace(/^".*" cannot/u, 'cannot')).toBe(`cannot match any namespace: ${reason}`);
    expect(inException('namespaces', glob)).toEqual([`/spec/match/namespaces/1: ${faults[0]}`]);
  });

  test.each<[string, string]>([
    ['!kube-system', '"kube-system"'],
    ['! Shop', '"shop"'],
    ['!!a', '"a"'],
    ['!{}', 'the name'],
    ['!team-.*', '"team-*"'],
  ])('%j belongs under the opposite key', (glob, what) => {
    expect(inClauses('namespaces', glob)).toEqual([
      `"${glob}" cannot match any namespace: "!" does not negate; put ${what} under exclude.namespaces`,
      `"${glob}" cannot match any namespace: "!" does not negate; put ${what} under match.namespaces`,
    ]);
    expect(inException('namespaces', glob)).toEqual([
      `/spec/match/namespaces/1: "${glob}" cannot match any namespace: "!" does not negate; list the namespaces that are meant`,
    ]);
  });
});

describe('names in exceptions', () => {
  test.each(['web-*', 'web-', 'a.b.c', 'web.*', '*', '0'])('%j can match an object', (glob) => {
    expect(inException('names', glob)).toEqual([]);
  });

  test.each<[string, string]>([
    ['Web', 'object names have no uppercase letters; use "web"'],
    ['web_*', `${NAMES}; use "web-*"`],
    ['web-.*', `${STAR}; use "web-*"`],
    ['.web', `${NAMES}; use "web"`],
    ['a..b', NAMES],
    ['a'.repeat(254), NAMES],
  ])('%j cannot: %s', (glob, reason) => {
    expect(inException('names', glob).map((fault) => fault.replace(/".*" cannot/u, 'cannot'))).toEqual([
      `/spec/match/names/1: cannot match any object name: ${reason}`,
    ]);
  });

  test.each<[string, string]>([
    ['istio_proxy', `container names ${LABELS}; use "istio-proxy"`],
    ['Web', 'container names have no uppercase letters; use "web"'],
    ['web.app', `container names ${LABELS}`],
    ['web?', `${STAR}; use "web*"`],
    ['init-container-', `container names ${LABELS}; use "init-container"`],
  ])('%j cannot be a container: %s', (glob, reason) => {
    expect(inException('containers', glob)).toEqual([
      `/spec/match/containers/1: "${glob}" cannot match any container name: ${reason}`,
    ]);
  });
});

describe('users and groups', () => {
  test.each([
    'jane@example.com',
    'system:serviceaccount:shop:deployer',
    'system:serviceaccount:*',
    'system:serviceaccount:*:deployer',
    'system:serviceaccount*',
    'system:node:*',
    'system:kube-controller-manager',
    'https://issuer.example.com#1234',
    'CN=Jane Doe,OU=Devs',
    'DOMAIN\\jane$',
    'Jörg',
    'john.*',
  ])('%j can match a user', (glob) => {
    expect(inClauses('users', glob)).toEqual([]);
  });

  test.each<[string, string]>([
    ['system:serviceaccount:shop', `${ACCOUNT}; use "system:serviceaccount:shop:*"`],
    ['system:serviceaccount:Shop:x', `${ACCOUNT}; use "system:serviceaccount:shop:x"`],
    ['system:serviceaccount:shop/x', `${ACCOUNT}; use "system:serviceaccount:shop:x"`],
    ['system:serviceaccount:a:b:c', ACCOUNT],
    ['system:node:Worker-1', 'a node is the user "system:node:NAME"; use "system:node:worker-1"'],
    ['system:masters', 'it is a group; put it under groups'],
    ['system:serviceaccounts:shop', 'it is a group; put it under groups'],
    ['^system:.*$', `${STAR}; use "system:*"`],
    ['oidc:.*', `${STAR}; use "oidc:*"`],
    ['jane?', `${STAR}; use "jane*"`],
    ['team-(a|b)', `${STAR}; use 2 entries: "team-a", "team-b"`],
    [' jane', 'there is whitespace around it; use "jane"'],
    ['   ', `user names ${TEXTS}`],
  ])('%j cannot match a user: %s', (glob, reason) => {
    const fault = `"${glob}" cannot match any user name: ${reason}`;
    expect(inClauses('users', glob)).toEqual([fault, fault]);
  });

  test.each<[string, string]>([
    ['system:serviceaccount:shop:x', 'it is a user; put it under users'],
    ['system:node:a', 'it is a user; put it under users'],
    [
      'system:serviceaccounts:Shop',
      'the ServiceAccounts of a namespace are the group "system:serviceaccounts:NAMESPACE"; use "system:serviceaccounts:shop"',
    ],
    ['devs ', 'there is whitespace around it; use "devs"'],
    ['{devs,ops}', `${STAR}; use 2 entries: "devs", "ops"`],
    ['/devs/', `${STAR}; use "devs"`],
  ])('%j cannot match a group: %s', (glob, reason) => {
    const fault = `"${glob}" cannot match any group name: ${reason}`;
    expect(inClauses('groups', glob)).toEqual([fault, fault]);
  });

  test.each(['system:masters', 'system:serviceaccounts', 'system:serviceaccounts:*', 'system:nodes', 'Domain Admins'])(
    '%j can match a group',
    (glob) => {
      expect(inClauses('groups', glob)).toEqual([]);
    },
  );
});

describe('tags of the rule image-tag', () => {
  const faultsOf = (glob: string): readonly string[] => {
    const result = read(`{rules: [{rule: image-tag, parameters: {deny: [latest, ${JSON.stringify(glob)}]}}]}`);
    return result.ok ? [] : result.faults.map(({ pointer, problem }) => `${pointer}: ${problem}`);
  };

  test.each(['v1.*', '*-SNAPSHOT', '_x', '*', 'V1', '*-', `${'a'.repeat(128)}*`])('%j can match', (glob) => {
    expect(faultsOf(glob)).toEqual([]);
  });

  test.each<[string, string]>([
    ['v[0-9]*', `${STAR}; use "v*"`],
    ['^v1', `${STAR}; use "v1*"`],
    ['!latest', '"!" does not negate; put "latest" under allow'],
    ['v1 ', 'there is whitespace around it; use "v1"'],
    ['-rc*', `${TAGS}; use "rc*"`],
    ['nginx:1', TAGS],
    ['a'.repeat(129), TAGS],
  ])('%j cannot: %s', (glob, reason) => {
    expect(faultsOf(glob).map((fault) => fault.replace(/".*" cannot/u, 'cannot'))).toEqual([
      `/spec/rules/0/parameters/deny/1: cannot match any tag: ${reason}`,
    ]);
  });
});

describe('kinds', () => {
  const MORE = '(add custom kinds under "kinds" in the configuration)';
  test.each<[string, string]>([
    ['deploy*', '; did you mean "Deployment"?'],
    ['pods', '; did you mean "Pod"?'],
    ['Pod ', '; did you mean "Pod"?'],
    ['apps/v1/Deployment', '; did you mean "Deployment"?'],
    ['/^Cron.*/', '; did you mean "CronJob"?'],
    ['deployment.apps', '; did you mean "Deployment.apps"?'],
    ['*Foo', ''],
    ['Job.*.example', ''],
    ['!Pod', '; "!" does not negate; list the kinds that are meant, here or under the opposite key'],
    ['Widget', ''],
  ])('%j is none%s', (kind, nearest) => {
    const fault = `kind "${kind}" is unknown or has no images${nearest} ${MORE}`;
    expect(inClauses('kinds', kind)).toEqual([fault, fault]);
    expect(inException('kinds', kind)).toEqual([`/spec/match/kinds/1: ${fault}`]);
  });
});

describe('namespaceSelector', () => {
  const faultsOf = (selector: string): readonly string[] =>
    ['match', 'exclude'].flatMap((clause) => {
      const result = read(`{${clause}: {namespaceSelector: ${selector}}, rules: [{rule: image-digest}]}`);
      return result.ok
        ? []
        : result.faults.map(
            ({ pointer, problem }) => `${pointer.replace(`/spec/${clause}/namespaceSelector`, '')}: ${problem}`,
          );
    });
  const FORM = 'letters, digits, and inner "-", "_", and ".", at most 63 characters';
  const KEY = `a key has ${FORM}, and may have a DNS name and "/" in front`;

  test.each([
    '{matchLabels: {env: prod, example.com/tier: "", A_b.c: "1.2"}}',
    '{matchLabels: {kubernetes.io/metadata.name: shop}}',
    '{matchExpressions: [{key: env, operator: In, values: [Prod, "a_b"]}, {key: x.io/y, operator: Exists}]}',
  ])('%s is one', (selector) => {
    expect(faultsOf(selector)).toEqual([]);
  });

  test.each<[string, string]>([
    [
      '{matchLabels: {env: "prod*"}}',
      '/matchLabels/env: "prod*" is not a label value: selectors take whole values, not globs; list each value',
    ],
    [
      '{matchLabels: {env: "prod "}}',
      '/matchLabels/env: "prod " is not a label value: there is whitespace around it; use "prod"',
    ],
    [
      '{matchLabels: {"env ": prod}}',
      '/matchLabels/env : "env " is not a label key: there is whitespace around it; use "env"',
    ],
    ['{matchLabels: {a/b/c: d}}', `/matchLabels/a~1b~1c: "a/b/c" is not a label key: ${KEY}`],
    ['{matchLabels: {Example.com/a: d}}', `/matchLabels/Example.com~1a: "Example.com/a" is not a label key: ${KEY}`],
    [
      '{matchLabels: {kubernetes.io/metadata.name: Shop}}',
      '/matchLabels/kubernetes.io~1metadata.name: "Shop" cannot match any namespace: namespaces have no uppercase letters; use "shop"',
    ],
    [
      '{matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: [a, kube_system]}]}',
      `/matchExpressions/0/values/1: "kube_system" cannot match any namespace: namespaces ${LABELS}; use "kube-system"`,
    ],
    [
      '{matchExpressions: [{key: env, operator: In, values: ["a b"]}]}',
      `/matchExpressions/0/values/0: "a b" is not a label value: a value has ${FORM}`,
    ],
    ['{matchExpressions: [{key: "*", operator: Exists}]}', `/matchExpressions/0/key: "*" is not a label key: ${KEY}`],
    [
      `{matchExpressions: [{key: env, operator: NotIn, values: [${'a'.repeat(64)}]}]}`,
      `/matchExpressions/0/values/0: "${'a'.repeat(64)}" is not a label value: a value has ${FORM}`,
    ],
  ])('%s is none', (selector, fault) => {
    expect(faultsOf(selector)).toEqual([fault, fault]);
  });
});

describe('whether a glob can match is decided exactly', () => {
  const PLAIN: readonly (readonly [string, Language, RegExp, number, string])[] = [
    ['labels', { ...LABEL, maxLength: 4 }, /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, 4, 'a-.A'],
    [
      'subdomains',
      { ...SUBDOMAIN, maxLength: 5 },
      /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/,
      5,
      'a-._',
    ],
    ['tags', { ...TAG, maxLength: 4 }, /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/, 4, 'a-.@'],
  ];

  test.each(PLAIN)('for %s: as if all names were tried', (_what, language, valid, max, alphabet) => {
    const names = allTexts(alphabet, max).filter((text) => valid.test(text));
    const glob = fc.string({ unit: fc.constantFrom(...Array.from(alphabet), '*'), maxLength: 7 });
    fc.assert(
      fc.property(glob, (text) => {
        expect(canMatch(text, language)).toBe(names.some(compileGlob(text)));
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ['object names', OBJECT_NAME, ['web-', 'a.b-', 'x']],
    ['texts', TEXT, ['a b', 'jane', 'CN=a, O=b']],
  ] as const)('for %s: a glob made from a name matches', (_what, language, names) => {
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.nat(8), fc.nat(8), (name, from, length) => {
        const glob = `${name.slice(0, from)}*${name.slice(from + length)}`;
        expect(canMatch(glob, language)).toBe(true);
      }),
    );
  });

  test('a ServiceAccount is a label, a colon and a subdomain', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', '-', '.', ':', '*'), maxLength: 7 }), (glob) => {
        const names = ACCOUNTS.filter((text) =>
          /^[a-z]([a-z-]*[a-z])?:[a-z]([a-z-]*[a-z])?(\.[a-z]([a-z-]*[a-z])?)*$/.test(text),
        );
        if (names.some(compileGlob(glob))) expect(canMatch(glob, ACCOUNT_NAMES)).toBe(true);
      }),
    );
    for (const glob of ['a', 'a:', ':a', 'a.b:c', 'a:b:c', '-*', '*.'])
      expect(canMatch(glob, ACCOUNT_NAMES)).toBe(false);
  });
});

const ACCOUNTS = allTexts('a-.:', 5);

/** All texts over an alphabet with at most so many characters. */
function allTexts(alphabet: string, max: number): readonly string[] {
  let texts = [''];
  const all = [''];
  for (let length = 1; length <= max; length += 1) {
    texts = texts.flatMap((text) => Array.from(alphabet).map((character) => `${text}${character}`));
    all.push(...texts);
  }
  return all;
}
