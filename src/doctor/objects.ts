/** The fields of Kubernetes objects that the checks read, as the API server returns them, with its defaults. */
import { isObject, type JsonObject, jsonType, ShapeError } from '../pod/pointer.ts';
import { readString } from '../pod/read.ts';
import type { LabelSelector } from '../policy/selector.ts';

export interface Metadata {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly managedFields?: readonly { readonly time?: string }[];
}

export interface ApiObject {
  readonly metadata: Metadata;
}

export interface WebhookRule {
  readonly apiGroups?: readonly string[];
  readonly apiVersions?: readonly string[];
  readonly operations?: readonly string[];
  readonly resources?: readonly string[];
  readonly scope?: string;
}

export interface ServiceReference {
  readonly namespace: string;
  readonly name: string;
  readonly path?: string;
  readonly port?: number;
}

export interface WebhookFields {
  readonly name: string;
  readonly clientConfig: { readonly service?: ServiceReference; readonly url?: string; readonly caBundle?: string };
  readonly rules?: readonly WebhookRule[];
  readonly failurePolicy?: string;
  readonly timeoutSeconds?: number;
  readonly sideEffects?: string;
  readonly matchPolicy?: string;
  readonly reinvocationPolicy?: string;
  readonly namespaceSelector?: LabelSelector;
  readonly objectSelector?: LabelSelector;
  readonly matchConditions?: readonly MatchCondition[];
}

export interface MatchCondition {
  readonly name: string;
  /** CEL. */
  readonly expression: string;
}

export interface WebhookConfiguration extends ApiObject {
  readonly webhooks?: readonly WebhookFields[];
}

interface ContainerPort {
  readonly name?: string;
  readonly containerPort: number;
}

interface PodSpec {
  readonly serviceAccountName?: string;
  readonly volumes?: readonly {
    readonly secret?: { readonly secretName?: string };
    readonly configMap?: { readonly name?: string };
  }[];
  readonly containers: readonly { readonly image?: string; readonly ports?: readonly ContainerPort[] }[];
}

export interface Deployment extends ApiObject {
  readonly spec: {
    readonly replicas?: number;
    readonly template: { readonly metadata?: Partial<Metadata>; readonly spec: PodSpec };
  };
  readonly status?: {
    readonly readyReplicas?: number;
    readonly updatedReplicas?: number;
    readonly replicas?: number;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

export interface Pod extends ApiObject {
  readonly spec: PodSpec;
  readonly status?: {
    readonly podIP?: string;
    readonly phase?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly { readonly state?: { readonly running?: { readonly startedAt?: string } } }[];
  };
}

export interface Service extends ApiObject {
  readonly spec: {
    readonly selector?: Readonly<Record<string, string>>;
    readonly ports?: readonly { readonly port: number; readonly targetPort?: number | string }[];
  };
}

export interface EndpointSlice extends ApiObject {
  readonly endpoints?: readonly { readonly conditions?: { readonly ready?: boolean } }[] | null;
}

export interface DisruptionBudget extends ApiObject {
  readonly spec: { readonly selector?: LabelSelector };
}

export interface NetworkPolicy extends ApiObject {
  readonly spec: {
    readonly podSelector: LabelSelector;
    readonly policyTypes?: readonly string[];
    readonly ingress?: readonly IngressRule[];
  };
}

export interface IngressRule {
  readonly from?: readonly { readonly ipBlock?: { readonly cidr: string } }[];
  readonly ports?: readonly { readonly port?: number | string; readonly endPort?: number }[];
}

/** The values of a Secret are base64. */
export interface DataObject extends ApiObject {
  readonly data?: Readonly<Record<string, string>>;
}

/** Throws a ShapeError for an object without a name. The API server has checked all other fields. */
function withName(object: JsonObject): unknown {
  const { metadata } = object;
  if (!isObject(metadata)) throw new ShapeError('/metadata', 'an object', jsonType(metadata));
  if (readString(metadata, 'name', '/metadata') === undefined)
    throw new ShapeError('/metadata/name', 'a string', 'nothing');
  return object;
}

/** Throws a ShapeError. */
function withSpec(object: JsonObject): unknown {
  if (!isObject(object['spec'])) throw new ShapeError('/spec', 'an object', jsonType(object['spec']));
  return withName(object);
}

export const asObject = (object: JsonObject): ApiObject => withName(object) as ApiObject;
export const asConfiguration = (object: JsonObject): WebhookConfiguration => withName(object) as WebhookConfiguration;
export const asDeployment = (object: JsonObject): Deployment => withSpec(object) as Deployment;
export const asPod = (object: JsonObject): Pod => withSpec(object) as Pod;
export const asService = (object: JsonObject): Service => withSpec(object) as Service;
export const asEndpointSlice = (object: JsonObject): EndpointSlice => withName(object) as EndpointSlice;
export const asDisruptionBudget = (object: JsonObject): DisruptionBudget => withSpec(object) as DisruptionBudget;
export const asNetworkPolicy = (object: JsonObject): NetworkPolicy => withSpec(object) as NetworkPolicy;
export const asSecret = (object: JsonObject): DataObject => withName(object) as DataObject;
export const asConfigMap = (object: JsonObject): DataObject => withName(object) as DataObject;
