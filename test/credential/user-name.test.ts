import { expect, test } from 'vitest';
import { keyringOf } from '../../src/credential/keyring.ts';
import { visibleUser } from '../../src/credential/user-name.ts';
import { candidateAttempt } from '../../src/lookup/attempts.ts';
import { credentialsOf } from '../../src/node/docker-config-file.ts';
import { parseReference } from '../../src/image/reference.ts';
import { secretOf } from './pull-secrets.ts';

test.each([
  ['ci', 'hush', 'ci'],
  ['', '', ''],
  ['hush', 'hush', '<same as password>'],
])('of user %j with password %j, %j is shown', (username, password, shown) => {
  expect(visibleUser({ username, password: () => password })).toBe(shown);
});

test('labels of credentials contain no token that is both user name and password', () => {
  const auths = { 'reg.io': { auth: Buffer.from('hush:hush').toString('base64') } };
  const keyring = keyringOf([secretOf('token', JSON.stringify({ auths }))]);
  const parsed = parseReference('reg.io/web:1');
  if (!keyring.ok || !parsed.ok) throw new Error('unexpected');
  const candidates = keyring.candidatesFor(parsed.reference);
  const labels = [
    ...candidates.map((candidate) => candidateAttempt(candidate, () => 'id').label),
    ...credentialsOf(candidates, () => 'docker config "f"').map(({ label }) => label),
  ];
  expect(labels).toEqual([
    'pull secret "token", key "reg.io" (user "<same as password>")',
    'docker config "f", key "reg.io" (user "<same as password>")',
  ]);
});
