// Policies that need facts from the cluster: pull secrets with their ServiceAccounts, and the labels of namespaces.

/** `match`: the pull secrets of which objects are checked, as in a policy. */
export function secretPolicies(match = '{}'): string {
  return `apiVersion: tidewaiter.dev/v1alpha1
kind: ImagePolicy
metadata: {name: secrets}
spec:
  match: ${match}
  rules:
    - {rule: pull-secret-usable, action: deny}
    - {rule: pull-secret-coverage, action: deny, parameters: {nodeCredentials: []}}
---
apiVersion: tidewaiter.dev/v1alpha1
kind: ImagePolicy
metadata: {name: production}
spec:
  match: {namespaceSelector: {matchLabels: {env: prod}}}
  rules: [{rule: image-digest, action: deny}]
`;
}
