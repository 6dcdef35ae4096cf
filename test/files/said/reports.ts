/** Reports of other policies, for tests. */

const RESULT = {
  policy: 'disallow-latest-tag',
  category: 'Best Practices',
  severity: 'medium',
  source: 'kyverno',
  scored: true,
};

export const POLICY_REPORT = {
  apiVersion: 'wgpolicyk8s.io/v1alpha2',
  kind: 'PolicyReport',
  metadata: { name: 'u-1', namespace: 'shop', labels: { 'app.kubernetes.io/managed-by': 'kyverno' } },
  scope: { apiVersion: 'v1', kind: 'Pod', name: 'web', namespace: 'shop', uid: 'u-1' },
  results: [
    {
      ...RESULT,
      rule: 'require-image-tag',
      result: 'fail',
      message: 'validation error: An image tag is required.',
      timestamp: { nanos: 0, seconds: 1_849_050_397 },
    },
    { ...RESULT, rule: 'validate-image-tag', result: 'pass', message: 'rule passed' },
  ],
  summary: { error: 0, fail: 1, pass: 1, skip: 0, warn: 0 },
};

export const OPEN_REPORT = {
  apiVersion: 'openreports.io/v1alpha1',
  kind: 'ClusterReport',
  metadata: { name: 'merged' },
  source: '',
  results: [
    {
      policy: 'tags',
      result: 'fail',
      message: 'no tag',
      source: 'KyvernoValidatingPolicy',
      properties: { process: 'background scan' },
      resources: [
        { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', namespace: 'shop' },
        { apiVersion: 'apps/v1', kind: 'Deployment', name: 'api', namespace: 'shop' },
      ],
    },
  ],
};

export const CONSTRAINT = {
  apiVersion: 'constraints.gatekeeper.sh/v1beta1',
  kind: 'K8sAllowedRepos',
  metadata: { name: 'repo-is-openpolicyagent' },
  spec: { enforcementAction: 'deny' },
  status: {
    auditTimestamp: '2027-03-01T12:00:00Z',
    totalViolations: 2,
    violations: [
      {
        enforcementAction: 'deny',
        group: '',
        version: 'v1',
        kind: 'Pod',
        name: 'web',
        namespace: 'shop',
        message: 'container <web> has an invalid image repo <nginx>',
      },
      { enforcementAction: 'dryrun', kind: 'Deployment', name: 'old', namespace: 'shop', message: 'old' },
    ],
  },
};
