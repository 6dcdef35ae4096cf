/** JSON Schema of `kinds`: custom kinds that contain Pods or images. */

const POINTERS = {
  type: 'array',
  minItems: 1,
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
    anyOf: [{ required: ['podSpecs'] }, { required: ['images'] }],
    hint: 'for example podSpecs: [/spec/template/spec]',
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
      resource: {
        type: 'string',
        maxLength: 63,
        pattern: '^[a-z]([a-z0-9-]*[a-z0-9])?$',
        hint: 'the plural name in lowercase without its group, for example jobs',
        description:
          'Plural name in the API, for the rules of the webhook; by default, they have all resources of the group',
      },
      podSpecs: { ...POINTERS, description: 'JSON Pointers of its pod specs' },
      images: { ...POINTERS, description: 'JSON Pointers of its other images' },
      clusterScoped: { type: 'boolean', default: false, description: 'true: its objects have no namespace' },
    },
  },
} as const;
