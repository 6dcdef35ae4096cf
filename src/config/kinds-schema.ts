/** JSON Schema of `kinds`: custom kinds that contain Pods or images. */

const POINTERS = {
  type: 'array',
  items: {
    type: 'string',
    pattern: '^/',
    hint: 'a JSON pointer that begins with "/", for example /spec/template/spec',
  },
} as const;

export const KINDS_SCHEMA = {
  type: 'array',
  default: [],
  description: 'Custom kinds that contain Pods or images',
  items: {
    type: 'object',
    additionalProperties: false,
    required: ['group', 'kind'],
    properties: {
      group: {
        type: 'string',
        pattern: '^([a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*)?$',
        hint: 'a DNS name in lowercase without a version, for example batch.example.com',
        description: 'API group',
      },
      kind: {
        type: 'string',
        maxLength: 63,
        pattern: '^[A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])?$',
        hint: 'the name of one kind without its group, for example Job',
        description: 'Kind',
      },
      podSpecs: { ...POINTERS, description: 'JSON Pointers of its pod specs' },
      images: { ...POINTERS, description: 'JSON Pointers of its other images' },
      clusterScoped: { type: 'boolean', default: false, description: 'true: its objects have no namespace' },
    },
  },
} as const;
