/** Generated manifests: always the same text, as people and `helm template` write it. */

const digest = (n: number): string => `sha256:${n.toString(16).padStart(8, '0').repeat(8)}`;

/** One file of small Pods; every tenth is refused, because its image is `latest`. */
export function smallPods(count: number): { readonly text: string; readonly bad: number } {
  const documents = Array.from({ length: count }, (_, n) =>
    smallPod(n, n % 10 === 9 ? 'docker.io/library/nginx:latest' : undefined),
  );
  return { text: documents.join(''), bad: Math.floor(count / 10) };
}

function smallPod(n: number, image = `registry.example.com/shop/api:1.27.${n}@${digest(n)}`): string {
  return `---
apiVersion: v1
kind: Pod
metadata:
  name: shop-${n}
  namespace: shop
  labels:
    app.kubernetes.io/name: shop
    app.kubernetes.io/instance: "shop-${n}"
spec:
  restartPolicy: Always
  containers:
    - name: api
      image: ${image}
      ports:
        - name: http
          containerPort: 8080
      resources:
        limits: {cpu: "1", memory: 128Mi}
`;
}

/** Many kinds in one stream, about two thirds of them without a Pod in it; no image is refused, every tenth of them has only a tag. */
export function mixedManifests(count: number): string {
  return Array.from({ length: count }, (_, n) => (KINDS[n % KINDS.length] ?? service)(n)).join('');
}

const image = (n: number): string =>
  n % 10 === 9 ? `registry.example.com/shop/api:1.27.${n}` : `registry.example.com/shop/api@${digest(n)}`;

const head = (n: number, apiVersion: string, kind: string): string => `---
# Source: shop/templates/${kind.toLowerCase()}-${n}.yaml
apiVersion: ${apiVersion}
kind: ${kind}
metadata:
  name: shop-${n}
  namespace: shop
  labels:
    app.kubernetes.io/name: shop
    app.kubernetes.io/instance: "shop-${n}"
    helm.sh/chart: shop-4.2.0
`;

const podSpec = (n: number, at: string): string =>
  `containers:
  - name: api
    image: ${image(n)}
    args: ["--config=/etc/shop/config.yaml", "--log-format=json"]
    env:
      - name: SETTING_A
        value: 'an ordinary value'
      - name: PASSWORD
        valueFrom: {secretKeyRef: {name: shop-passwords, key: password}}
    ports:
      - name: http
        containerPort: 8080
    resources:
      limits: {cpu: "1", memory: 512Mi}
      requests: {cpu: 100m, memory: 128Mi}
    readinessProbe:
      httpGet:
        path: /readyz
        port: http
`
    .replaceAll(/^/gm, at)
    .trimEnd() + '\n';

const workload =
  (kind: string) =>
  (n: number): string =>
    `${head(n, 'apps/v1', kind)}spec:
  replicas: 2
  selector:
    matchLabels:
      app.kubernetes.io/instance: "shop-${n}"
  template:
    metadata:
      labels:
        app.kubernetes.io/instance: "shop-${n}"
    spec:
${podSpec(n, '      ')}`;

const cronJob = (n: number): string => `${head(n, 'batch/v1', 'CronJob')}spec:
  schedule: "*/${(n % 58) + 1} * * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: OnFailure
${podSpec(n, '          ')}`;

const service = (n: number): string => `${head(n, 'v1', 'Service')}spec:
  type: ClusterIP
  selector:
    app.kubernetes.io/instance: "shop-${n}"
  ports:
    - name: http
      port: 80
      targetPort: http
      protocol: TCP
`;

const configMap = (n: number): string => `${head(n, 'v1', 'ConfigMap')}data:
  config.yaml: |
    server:
      listen: ":8080"
      timeout: 30s
    # what the shop sells
    catalogue:
      url: https://catalogue.example.com/v${n}
  motto: >-
    a longer line that is
    folded into one
  empty: ""
`;

const serviceAccount = (n: number): string => `${head(n, 'v1', 'ServiceAccount')}automountServiceAccountToken: false
`;

const role = (n: number): string => `${head(n, 'rbac.authorization.k8s.io/v1', 'Role')}rules:
  - apiGroups: [""]
    resources: ["configmaps", "secrets"]
    verbs: ["get", "list", "watch"]
  - apiGroups: ["coordination.k8s.io"]
    resources: ["leases"]
    verbs: ["get", "create", "update"]
`;

const KINDS = [
  workload('Deployment'),
  service,
  configMap,
  serviceAccount,
  cronJob,
  role,
  service,
  configMap,
  workload('StatefulSet'),
];
