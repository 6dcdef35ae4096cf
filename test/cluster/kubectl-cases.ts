// Commands that users type, and the exact output in the terminal. The objects "older" existed before the webhook was registered.
import { pod, type KubernetesObject } from './objects.ts';
import { existingWarnings, noDigestWarning, noTagDenial } from './wording.ts';

interface KubectlCase {
  readonly what: string;
  readonly args: readonly string[];
  /** On standard input. */
  readonly object?: KubernetesObject;
  /** 0 unless said otherwise. */
  readonly code?: number;
  readonly stdout?: string;
  /** All of it when empty, else its end: kubectl puts advice of its own before it, which differs by release. */
  readonly stderr: string;
}

const shop = pod('shop', {
  initContainers: [{ name: 'proxy', image: 'envoy', restartPolicy: 'Always', ports: [{ containerPort: 8080 }] }],
  containers: [{ name: 'web', image: 'k8s.gcr.io/shop/web:7', ports: [{ containerPort: 8080 }] }],
});

const shopDenied = `Warning: container "web": image "k8s.gcr.io/shop/web:7" matches a denied pattern; use registry.k8s.io instead [baseline/image-registry]
Warning: sidecar container "proxy": image "envoy" has no digest, so its content can change [baseline/image-digest]
Warning: container "web": image "k8s.gcr.io/shop/web:7" has no digest, so its content can change [baseline/image-digest]
Error from server (Forbidden): error when creating "STDIN": admission webhook "validate.tidewaiter.dev" denied the request: Pod shop/shop: 2 problems
  sidecar container "proxy": image "envoy" has no tag and defaults to "latest" [baseline/image-tag]
    specify a version, for example :1.27
  container "web": port 8080/TCP is already used by sidecar container "proxy" [baseline/container-ports]
    use another port; all containers in a Pod share one IP address
`;

export const kubectlCases: readonly KubectlCase[] = [
  { what: 'create says all that is wrong', args: ['create', '-f', '-'], object: shop, code: 1, stderr: shopDenied },
  {
    what: 'apply --server-side says it too',
    args: ['apply', '--server-side', '-f', '-'],
    object: shop,
    code: 1,
    stderr: shopDenied.replace('error when creating "STDIN": ', ''),
  },
  {
    what: 'run is warned and goes on',
    args: ['run', 'tagged', '--image=nginx:1.27'],
    stdout: 'pod/tagged created\n',
    stderr: `Warning: ${noDigestWarning('nginx:1.27', 'container "tagged"')}\n`,
  },
  {
    what: 'run --dry-run=server is a rehearsal',
    args: ['run', 'rehearsed', '--image=nginx', '--dry-run=server'],
    code: 1,
    stderr: denied(
      noTagDenial('Pod shop/rehearsed', 'nginx', 'container "rehearsed"'),
      noDigestWarning('nginx', 'container "rehearsed"'),
    ),
  },
  {
    what: 'create deployment is told at once, not its controller',
    args: ['create', 'deployment', 'web', '--image=nginx'],
    code: 1,
    stderr: failed(
      `failed to create deployment: ${noTagDenial('Deployment shop/web', 'nginx', 'container "nginx"')}`,
      noDigestWarning('nginx', 'container "nginx"'),
    ),
  },
  {
    what: 'create cronjob is told at once, not at three in the morning',
    args: ['create', 'cronjob', 'report', '--image=shop/report', '--schedule=0 3 * * *'],
    code: 1,
    stderr: failed(
      `failed to create cronjob: ${noTagDenial('CronJob shop/report', 'shop/report', 'container "report"')}`,
      noDigestWarning('shop/report', 'container "report"'),
    ),
  },
  {
    what: 'debug brings no bad image into an old Pod',
    args: ['debug', 'older', '--image=busybox', '--container=debugger', '--quiet'],
    code: 1,
    stderr: denied(
      noTagDenial('Pod shop/older', 'busybox', 'ephemeral container "debugger"'),
      noDigestWarning('busybox', 'ephemeral container "debugger"'),
    ),
  },
  {
    what: 'debug brings a good image into an old Pod',
    args: ['debug', 'older', '--image=busybox:1.36', '--container=debugger', '--quiet'],
    stderr: `Warning: ${noDigestWarning('busybox:1.36', 'ephemeral container "debugger"')}\n`,
  },
  {
    what: 'exec into an old Pod passes the webhook',
    args: ['exec', 'older', '--', 'ls'],
    code: 1,
    stderr: 'Error from server (BadRequest): pod older does not have a host assigned\n',
  },
  {
    what: 'label of an old Deployment is warned',
    args: ['label', 'deployment', 'older', 'team=checkout'],
    stdout: 'deployment.apps/older labeled\n',
    stderr: existingWarnings('nginx')
      .map((text) => `Warning: ${text}\n`)
      .join(''),
  },
  {
    what: 'scale of an old Deployment is silent',
    args: ['scale', 'deployment', 'older', '--replicas=0'],
    stdout: 'deployment.apps/older scaled\n',
    stderr: '',
  },
  {
    what: 'set image of an old Deployment takes no other bad image',
    args: ['set', 'image', 'deployment/older', 'main=httpd'],
    code: 1,
    stderr: failed(
      `failed to patch image update to pod template: ${noTagDenial('Deployment shop/older', 'httpd')}`,
      noDigestWarning('httpd'),
    ),
  },
  {
    what: 'delete of old objects is silent',
    args: ['delete', 'deployment/older', 'pod/older', '--wait=false'],
    stdout: 'deployment.apps "older" deleted\npod "older" deleted\n',
    stderr: '',
  },
];

function denied(message: string, warning: string): string {
  return `Warning: ${warning}\nError from server (Forbidden): ${message}\n`;
}

function failed(message: string, warning: string): string {
  return `Warning: ${warning}\nerror: ${message}\n`;
}
