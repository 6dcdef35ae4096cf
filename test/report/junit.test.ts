import fc from 'fast-check';
import { SaxesParser, type SaxesTagPlain } from 'saxes';
import { describe, expect, test } from 'vitest';
import { junitCheck } from '../../src/report/junit.ts';
import { FINDING, hostileReport, reportOf } from './hostile-report.ts';

/** Names of elements with their attributes, by a parser that accepts only what is well-formed. */
function elementsOf(xml: string): readonly SaxesTagPlain[] {
  const elements: SaxesTagPlain[] = [];
  const parser = new SaxesParser();
  parser.on('opentag', (tag) => void elements.push(tag));
  parser.on('error', (error) => {
    throw error;
  });
  parser.write(xml).close();
  return elements;
}

describe('JUnit XML of check', () => {
  test('has a suite for each file and a case for each object: failures, output of what only warns, errors, and what passes', () => {
    const warning = {
      ...FINDING,
      action: 'warn',
      message: 'has no digest',
      rule: 'image-digest',
      remedy: null,
    } as const;
    const fine = { ...FINDING, name: 'fine', file: 'fine.yaml' };
    const report = reportOf(
      [FINDING, { ...FINDING, message: 'second', remedy: null }, warning],
      [{ file: 'bad.yaml', line: 3, column: 7, document: 1, message: 'expected an object' }],
    );
    const { images } = reportOf([fine]);
    expect(junitCheck({ ...report, images: [...report.images, ...images] }, ['deny']))
      .toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="3" failures="1" errors="1" skipped="0">
  <testsuite name="deploy/web.yaml" tests="1" failures="1" errors="0" skipped="0">
    <testcase classname="deploy/web.yaml" file="deploy/web.yaml" name="Deployment shop/web">
      <failure message="2 problems, first: image &quot;envoy&quot; has no tag and defaults to &quot;latest&quot;" type="image-tag"><![CDATA[12:16  deny   Deployment shop/web > proxy: image "envoy" has no tag and defaults to "latest" [baseline/image-tag]
    specify a version, for example :1.27
12:16  deny   Deployment shop/web > proxy: second [baseline/image-tag]]]></failure>
      <system-out><![CDATA[12:16  warn   Deployment shop/web > proxy: has no digest [baseline/image-digest]]]></system-out>
    </testcase>
  </testsuite>
  <testsuite name="fine.yaml" tests="1" failures="0" errors="0" skipped="0">
    <testcase classname="fine.yaml" file="fine.yaml" name="Deployment shop/fine"/>
  </testsuite>
  <testsuite name="bad.yaml" tests="1" failures="0" errors="1" skipped="0">
    <testcase classname="bad.yaml" file="bad.yaml" name="line 3:7">
      <error message="expected an object" type="not evaluated"/>
    </testcase>
  </testsuite>
</testsuites>
`);
  });

  test.each([
    ['deny', 1],
    ['warn', 2],
    ['unknown', 2],
  ] as const)('fails what --fail-on %s makes fail', (failOn, failures) => {
    const rows = [
      FINDING,
      { ...FINDING, name: 'warned', action: 'warn' as const, outcome: 'unknown' as const },
      { ...FINDING, name: 'audited', action: 'audit' as const },
    ];
    expect(elementsOf(junitCheck(reportOf(rows), [failOn])).filter(({ name }) => name === 'failure')).toHaveLength(
      failures,
    );
  });

  test('keeps objects of one name apart when they are of another document, kind or namespace', () => {
    const rows = [FINDING, { ...FINDING, document: 2 }, { ...FINDING, kind: 'Job' }, { ...FINDING, namespace: null }];
    expect(elementsOf(junitCheck(reportOf(rows), ['deny'])).filter(({ name }) => name === 'testcase')).toHaveLength(4);
  });

  test('is well-formed whatever stands in it, and counts what is in it', () => {
    fc.assert(
      fc.property(hostileReport, (report) => {
        const elements = elementsOf(junitCheck(report, ['warn']));
        const having = (name: string): number => elements.filter((element) => element.name === name).length;
        expect(elements[0]?.attributes).toMatchObject({
          tests: String(having('testcase')),
          failures: String(having('failure')),
          errors: String(report.errors.length),
        });
        expect(having('testsuite')).toBe(new Set([...report.findings, ...report.errors].map(({ file }) => file)).size);
      }),
    );
  });
});
