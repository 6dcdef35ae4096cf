import { describe, expect, test } from 'vitest';
import { parseDocuments } from '../../src/files/yaml/yaml.ts';
import { yamlText } from '../../src/report/yaml-text.ts';

describe('parameters as YAML', () => {
  test.each([
    [{ rule: 'a', parameters: { deny: ['latest', '*-dev', 'on', 'null', '1.0', 'a: b', '# c', ''] } }],
    [[{ a: [], b: {}, c: null, d: [[1, [2, { e: [true] }]], { f: 'line\nbreak' }] }]],
    [{ 'a b': { y: { 'x"': -1.5 } } }],
    ['plain'],
  ])('%j is read back as it was', (value) => {
    const [document] = parseDocuments(yamlText(value));
    expect(document).toMatchObject({ ok: true, value });
  });
});
