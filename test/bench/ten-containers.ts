/** A Pod of ten containers and an image volume that every built-in rule lets pass, as the API server sends it. */
import type { JsonObject } from '../../src/pod/pointer.ts';

const DIGEST = `@sha256:${'a'.repeat(64)}`;

export function tenContainers(): JsonObject {
  const container = (index: number): JsonObject => ({
    name: `container-${index}`,
    // Half of them come from one repository.
    image: `registry.example.com/shop/${index % 2 === 0 ? 'app' : `app-${index}`}:1.27${DIGEST}`,
    imagePullPolicy: 'IfNotPresent',
    ports: [
      { name: `http-${index}`, containerPort: 8000 + index, protocol: 'TCP' },
      { name: `admin-${index}`, containerPort: 9000 + index, protocol: 'TCP' },
    ],
    resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { cpu: '1', memory: '512Mi' } },
    volumeMounts: [
      { name: 'data', mountPath: '/data' },
      { name: 'model', mountPath: '/model', readOnly: true },
    ],
  });
  const probed = (index: number): JsonObject => ({
    ...container(index),
    livenessProbe: { httpGet: { path: '/healthz', port: `admin-${index}`, scheme: 'HTTP' }, periodSeconds: 10 },
    readinessProbe: { httpGet: { path: '/readyz', port: `http-${index}`, scheme: 'HTTP' }, periodSeconds: 10 },
    lifecycle: { preStop: { exec: { command: ['drain'] } } },
  });
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'shop' },
    spec: {
      restartPolicy: 'Always',
      initContainers: [container(0), container(1), { ...probed(2), restartPolicy: 'Always' }],
      containers: [3, 4, 5, 6, 7, 8, 9].map(probed),
      volumes: [
        { name: 'data', emptyDir: {} },
        { name: 'model', image: { reference: `registry.example.com/models/m:3${DIGEST}`, pullPolicy: 'IfNotPresent' } },
      ],
    },
  };
}
