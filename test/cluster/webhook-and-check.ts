// Evaluates one object twice: by the webhook, on a request to the API server, and by `check`, as a file.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { CheckReport } from '../../src/report/check.ts';
import type { FindingRow } from '../../src/report/rows.ts';
import { runCommand } from '../support/command.ts';
import { auditAnnotations } from './audit.ts';
import type { WebhookCluster } from './webhook-cluster.ts';
import type { KubernetesObject } from './objects.ts';

/** What the webhook or `check` reports about an object. */
interface ReportedDecision {
  /** The whole message of the denial; undefined: the object is allowed. */
  readonly denial: string | undefined;
  readonly warnings: readonly string[];
  /** All findings, including those in the audit log only; undefined: no findings. */
  readonly findings: string | undefined;
  readonly decision: string | undefined;
}

export interface BothDecisions {
  readonly webhook: { readonly status: number; readonly reported: ReportedDecision };
  readonly check: { readonly code: number; readonly reported: ReportedDecision };
}

export async function decisionsOf(
  { plane, create, servers }: WebhookCluster,
  namespace: string,
  object: KubernetesObject,
): Promise<BothDecisions> {
  const reply = await create(namespace, object, '?dryRun=All');
  const annotations = await auditAnnotations(plane, reply);
  const { message, details } = reply.body as {
    readonly message?: string;
    readonly details?: { readonly name: string };
  };

  const manifest = join(servers.folder, 'manifest.json');
  writeFileSync(manifest, JSON.stringify(object));
  const { code, out } = await runCommand(['check', manifest, '--namespace', namespace, '-o', 'json']);
  const { findings } = JSON.parse(out) as CheckReport;
  const denied = findings.filter(({ action }) => action === 'deny');
  const warned = findings.filter(({ action }) => action === 'warn');
  const decision = denied.length > 0 ? 'deny' : warned.length > 0 ? 'warn' : 'allow';
  // A generated name is known to the API server only.
  const label = `${object.kind} ${namespace}/${details?.name}`;

  return {
    webhook: {
      status: reply.status,
      reported: inAnyOrder({
        denial: reply.status < 400 ? undefined : message,
        // The API server adds its own warnings, which begin with a field.
        warnings: reply.warnings.filter((text) => !text.startsWith('spec.')),
        findings: annotations['validate.tidewaiter.dev/findings'],
        decision: annotations['validate.tidewaiter.dev/decision'],
      }),
    },
    check: {
      code,
      reported: inAnyOrder({
        denial: denied.length === 0 ? undefined : denialOf(label, denied),
        warnings: warned.map((row) => `${sentence(row)} ${source(row)}`),
        findings: findings.map((row) => `${row.action} ${source(row)} ${sentence(row)}`).join('\n') || undefined,
        decision,
      }),
    },
  };
}

/** `check` sorts findings by line, and the webhook by policy and rule. */
function inAnyOrder({ denial, warnings, findings, decision }: ReportedDecision): ReportedDecision {
  return { denial: sortedLines(denial), warnings: warnings.toSorted(), findings: sortedLines(findings), decision };
}

function sortedLines(text: string | undefined): string | undefined {
  return text?.split('\n').toSorted().join('\n');
}

function denialOf(object: string, denied: readonly FindingRow[]): string {
  const count = denied.length === 1 ? '1 problem' : `${denied.length} problems`;
  const lines = denied.flatMap((row) => [
    `  ${sentence(row)} ${source(row)}`,
    ...(row.remedy ? [`    ${row.remedy}`] : []),
  ]);
  return [`admission webhook "validate.tidewaiter.dev" denied the request: ${object}: ${count}`, ...lines].join('\n');
}

const labels: Readonly<Record<string, string>> = {
  regular: 'container',
  init: 'init container',
  sidecar: 'sidecar container',
  volume: 'image volume',
};

function sentence({ containerKind, container, message }: FindingRow): string {
  return `${labels[containerKind ?? '']} "${container}": ${message}`;
}

/** `[baseline/image-tag]` */
function source({ policy, rule }: FindingRow): string {
  return `[${policy}/${rule}]`;
}
