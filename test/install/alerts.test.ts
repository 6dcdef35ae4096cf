/** The alerts of the PrometheusRule, evaluated by promtool: each fires in its case, and stays quiet otherwise. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadAll } from 'js-yaml';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pathOf, promtoolMissing } from '../chart/assets.ts';
import type { Manifest } from '../manifests/documents.ts';
import { runCommand } from '../support/command.ts';
import { describeWith } from '../support/real-part.ts';

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly alert: string;
      readonly labels: object;
      readonly annotations: { readonly summary: string };
    }[];
  }[];
}

interface Case {
  readonly name: string;
  readonly alert: string;
  /** Series and their values, one a minute, in the notation of promtool. */
  readonly series: Readonly<Record<string, string>>;
  /** In minutes. */
  readonly at: number;
  /** The labels of each alert that fires; `summary`: in place of the one in the rule. */
  readonly fires: readonly { readonly labels?: object; readonly summary?: string }[];
}

const DAY = 24 * 3600;
const CERTIFICATE = 'tidewaiter_certificate_expiry_timestamp_seconds{pod="a"}';
const EXCEPTION = 'tidewaiter_exception_expiry_timestamp_seconds{exception="agent",pod="a"}';
const FAILURES = 'tidewaiter_rule_failures_total{rule="size",pod="a"}';
const FAILED = { labels: { rule: 'size' }, summary: 'Rule size fails, so its result is an error' };
const EXPIRES = { labels: { exception: 'agent' }, summary: 'Exception agent expires in less than 7 days' };
const REJECTED = 'apiserver_admission_webhook_rejection_count';
const FAILED_OPEN = 'apiserver_admission_webhook_fail_open_count{name="validate.tidewaiter.dev",type="validating"}';

const CASES: readonly Case[] = [
  { name: 'no server', alert: 'TidewaiterAbsent', series: {}, at: 6, fires: [{}] },
  { name: 'no server for a moment', alert: 'TidewaiterAbsent', series: {}, at: 4, fires: [] },
  {
    name: 'one of two servers',
    alert: 'TidewaiterAbsent',
    series: { 'tidewaiter_build_info{pod="a"}': '1x20' },
    at: 15,
    fires: [],
  },
  {
    name: '6 days left',
    alert: 'TidewaiterCertificateExpires',
    series: { [CERTIFICATE]: `${6 * DAY}x30` },
    at: 20,
    fires: [{}],
  },
  {
    name: '60 days left',
    alert: 'TidewaiterCertificateExpires',
    series: { [CERTIFICATE]: `${60 * DAY}x30` },
    at: 20,
    fires: [],
  },
  {
    name: '6 days left on one of two servers',
    alert: 'TidewaiterCertificateExpires',
    series: { [CERTIFICATE]: `${6 * DAY}x30`, [CERTIFICATE.replace('"a"', '"b"')]: `${60 * DAY}x30` },
    at: 20,
    fires: [{}],
  },
  {
    name: 'renewed in time',
    alert: 'TidewaiterCertificateExpires',
    series: { [CERTIFICATE]: `${6 * DAY}x5 ${90 * DAY}x30` },
    at: 20,
    fires: [],
  },
  { name: 'more failures', alert: 'TidewaiterRuleFails', series: { [FAILURES]: '3x20 4x5' }, at: 22, fires: [FAILED] },
  {
    name: 'the first failure, which creates the series',
    alert: 'TidewaiterRuleFails',
    series: { [FAILURES]: '_x20 1x5' },
    at: 22,
    fires: [FAILED],
  },
  { name: 'old failures', alert: 'TidewaiterRuleFails', series: { [FAILURES]: '4x60' }, at: 50, fires: [] },
  {
    name: 'a new server without failures',
    alert: 'TidewaiterRuleFails',
    series: { [FAILURES]: '_x20 0x5' },
    at: 22,
    fires: [],
  },
  {
    name: '6 days left',
    alert: 'TidewaiterExceptionExpires',
    series: { [EXCEPTION]: `${6 * DAY}x90` },
    at: 70,
    fires: [EXPIRES],
  },
  {
    name: '30 days left',
    alert: 'TidewaiterExceptionExpires',
    series: { [EXCEPTION]: `${30 * DAY}x90` },
    at: 70,
    fires: [],
  },
  {
    name: 'objects without a review',
    alert: 'TidewaiterFailsOpen',
    series: { [FAILED_OPEN]: '2x20 3x5' },
    at: 22,
    fires: [{}],
  },
  {
    name: 'the first object without a review',
    alert: 'TidewaiterFailsOpen',
    series: { [FAILED_OPEN]: '_x20 1x5' },
    at: 22,
    fires: [{}],
  },
  {
    name: 'objects without a review before',
    alert: 'TidewaiterFailsOpen',
    series: { [FAILED_OPEN]: '3x60' },
    at: 50,
    fires: [],
  },
  {
    name: 'objects without a review of another webhook',
    alert: 'TidewaiterFailsOpen',
    series: { [FAILED_OPEN.replace('validate.tidewaiter.dev', 'tidewaiter.dev.example.com')]: '0+1x30' },
    at: 22,
    fires: [],
  },
  {
    name: 'rejected objects',
    alert: 'TidewaiterCallsFail',
    series: { [`${REJECTED}{name="closed.validate.tidewaiter.dev",error_type="calling_webhook_error"}`]: '0+1x30' },
    at: 22,
    fires: [{}],
  },
  {
    name: 'the first rejected object',
    alert: 'TidewaiterCallsFail',
    series: { [`${REJECTED}{name="validate.tidewaiter.dev",error_type="calling_webhook_error"}`]: '_x20 1x5' },
    at: 22,
    fires: [{}],
  },
  {
    name: 'denied objects',
    alert: 'TidewaiterCallsFail',
    series: { [`${REJECTED}{name="validate.tidewaiter.dev",error_type="no_error"}`]: '0+1x30' },
    at: 22,
    fires: [],
  },
];

let folder: string;
let rules: Rules;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-alerts-'));
  const { out } = await runCommand(['manifests', '--prometheus-rule']);
  const rule = (loadAll(out) as readonly Manifest[]).find(({ kind }) => kind === 'PrometheusRule');
  rules = rule?.spec as Rules;
  writeFileSync(path.join(folder, 'rules.json'), JSON.stringify(rules));
});
afterAll(() => rmSync(folder, { recursive: true }));

const promtool = (...argv: readonly string[]): { readonly code: number | null; readonly output: string } => {
  const { status, stdout, stderr } = spawnSync(pathOf('promtool'), argv, { cwd: folder, encoding: 'utf8' });
  return { code: status, output: `${stdout}${stderr}` };
};

function alertTest({ alert, series, at, fires }: Case): object {
  const { labels, annotations } = rules.groups.flatMap((group) => group.rules).find((rule) => rule.alert === alert) ?? {
    labels: {},
    annotations: { summary: '' },
  };
  return {
    interval: '1m',
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    alert_rule_test: [
      {
        eval_time: `${at}m`,
        alertname: alert,
        exp_alerts: fires.map((one) => ({
          exp_labels: { ...labels, ...one.labels },
          exp_annotations: { summary: one.summary ?? annotations.summary },
        })),
      },
    ],
  };
}

describeWith(promtoolMissing, 'the alerts', () => {
  test('are valid rules', () => {
    expect(promtool('check', 'rules', '--lint=all', '--lint-fatal', 'rules.json')).toMatchObject({ code: 0 });
  });

  test.each(CASES)('$alert: $name', (one) => {
    const file = { rule_files: ['rules.json'], evaluation_interval: '1m', tests: [alertTest(one)] };
    writeFileSync(path.join(folder, 'test.json'), JSON.stringify(file));
    const { code, output } = promtool('test', 'rules', 'test.json');
    expect(code, output).toBe(0);
  });

  test('each fire in a case, and are quiet in another one', () => {
    const names = rules.groups.flatMap((group) => group.rules).map(({ alert }) => alert);
    const having = (isFiring: boolean): ReadonlySet<string> =>
      new Set(CASES.filter(({ fires }) => fires.length > 0 === isFiring).map(({ alert }) => alert));
    expect([having(true), having(false)]).toEqual([new Set(names), new Set(names)]);
  });
});
