/** Objects for the Prometheus Operator. */
import { inNamespace, type InstallOptions, NAME, SELECTOR } from './options.ts';
import type { TreeObject } from './yaml.ts';

const API_VERSION = 'monitoring.coreos.com/v1';

export function serviceMonitor(options: InstallOptions): TreeObject {
  return {
    apiVersion: API_VERSION,
    kind: 'ServiceMonitor',
    metadata: inNamespace(options),
    spec: {
      selector: { matchLabels: SELECTOR },
      endpoints: [{ port: 'operations', path: '/metrics', interval: '30s' }],
    },
  };
}

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly severity: 'critical' | 'warning';
  readonly summary: string;
}

/**
 * Whether a counter rose. `increase` is 0 for a series that starts with 1, as most of these do: a counter has no series before its
 * first event.
 */
function risen(counter: string, range: string, by = ''): string {
  return `sum${by} (increase(${counter}[${range}]) > 0 or (${counter} unless ${counter} offset ${range})) > 0`;
}

const OURS = 'name=~"(.+[.])?(validate|mutate)[.]tidewaiter[.]dev"';

/** The last two are metrics of API servers: with failurePolicy Ignore, only they notice that no review arrives. */
const ALERTS: readonly Alert[] = [
  {
    alert: 'TidewaiterAbsent',
    expr: `absent(tidewaiter_build_info)`,
    for: '5m',
    severity: 'critical',
    summary:
      'No tidewaiter server is up, so objects are allowed without a review, or rejected where failures are closed',
  },
  {
    alert: 'TidewaiterCertificateExpires',
    expr: 'min(tidewaiter_certificate_expiry_timestamp_seconds) - time() < 7 * 24 * 3600',
    for: '15m',
    severity: 'critical',
    summary: 'The serving certificate expires in less than 7 days; then the API server rejects the server',
  },
  {
    alert: 'TidewaiterRuleFails',
    expr: risen('tidewaiter_rule_failures_total', '15m', ' by (rule)'),
    for: '0m',
    severity: 'warning',
    summary: 'Rule {{ $labels.rule }} fails, so its result is an error',
  },
  {
    alert: 'TidewaiterExceptionExpires',
    expr: 'min by (exception) (tidewaiter_exception_expiry_timestamp_seconds) - time() < 7 * 24 * 3600',
    for: '1h',
    severity: 'warning',
    summary: 'Exception {{ $labels.exception }} expires in less than 7 days',
  },
  {
    alert: 'TidewaiterFailsOpen',
    expr: risen(`apiserver_admission_webhook_fail_open_count{${OURS}}`, '10m'),
    for: '0m',
    severity: 'warning',
    summary: 'API servers allowed objects without a review, because the server did not respond',
  },
  {
    alert: 'TidewaiterCallsFail',
    expr: risen(`apiserver_admission_webhook_rejection_count{${OURS},error_type!="no_error"}`, '10m'),
    for: '0m',
    severity: 'critical',
    summary: 'API servers rejected objects, because the server did not respond',
  },
];

export function prometheusRule(options: InstallOptions): TreeObject {
  const rules = ALERTS.map(({ severity, summary, ...rule }) => {
    return { ...rule, labels: { severity }, annotations: { summary } };
  });
  return {
    apiVersion: API_VERSION,
    kind: 'PrometheusRule',
    metadata: inNamespace(options),
    spec: { groups: [{ name: NAME, rules }] },
  };
}
