@minLength(3)
@maxLength(24)
@description('Name of the account that holds the runs\' state, requests and results.')
param name string

@description('Name of the Event Grid topic of its blobs.')
param topicName string

@description('Region.')
param location string

@description('Tags of all resources.')
param tags object

@minLength(1)
@description('Containers that results may be put into.')
param resultContainers string[]

@minValue(0)
@description('Days after which the state of runs is deleted; 0 keeps it.')
param runStateDays int

@description('Object id of the app\'s identity.')
param identityPrincipalId string

@description('Object id of who may put requests and read results; empty: nobody.')
param principalId string

var storageBlobDataReader = '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1'
var storageBlobDataContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
var storageQueueDataContributor = '974c5e8b-45b9-4653-ba55-5f855dd0fb88'

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: 'Standard_LRS' }
  properties: {
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
  }

  resource blobs 'blobServices' = {
    name: 'default'

    resource runs 'containers' = {
      name: 'fanfold'
      properties: { publicAccess: 'None' }
    }

    resource requests 'containers' = {
      name: 'requests'
      properties: { publicAccess: 'None' }
    }

    resource results 'containers' = [for container in resultContainers: {
      name: container
      properties: { publicAccess: 'None' }
    }]
  }

  resource queues 'queueServices' = {
    name: 'default'

    resource poison 'queues' = {
      name: 'webjobs-blobtrigger-poison'
    }
  }

  // Prefixes begin with the container. fanfold/outputs, which tells what is in an output, stays.
  resource lifecycle 'managementPolicies' = if (runStateDays > 0) {
    name: 'default'
    properties: {
      policy: {
        rules: [
          {
            name: 'delete-state-of-old-runs'
            enabled: true
            type: 'Lifecycle'
            definition: {
              filters: { blobTypes: ['blockBlob'], prefixMatch: ['fanfold/runs/'] }
              actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: runStateDays } } }
            }
          }
        ]
      }
    }
    dependsOn: [blobs]
  }
}

// Every step of a run puts, reads, leases and deletes objects of its state.
resource writeRuns 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: account::blobs::runs
  name: guid(account::blobs::runs.id, identityPrincipalId, storageBlobDataContributor)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataContributor)
    principalId: identityPrincipalId
    principalType: 'ServicePrincipal'
  }
}

// StartByRequestEvent reads NAME.run.json, and puts NAME.started.json or NAME.error.json; StartBySuccessEvent puts RUN.error.json.
resource writeRequests 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: account::blobs::requests
  name: guid(account::blobs::requests.id, identityPrincipalId, storageBlobDataContributor)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataContributor)
    principalId: identityPrincipalId
    principalType: 'ServicePrincipal'
  }
}

// CommitRun puts results and manifests and, for folders of files, deletes older ones; GET …/result reads them.
resource writeResults 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for (container, i) in resultContainers: {
  scope: account::blobs::results[i]
  name: guid(account.id, container, identityPrincipalId, storageBlobDataContributor)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataContributor)
    principalId: identityPrincipalId
    principalType: 'ServicePrincipal'
  }
}]

// The blob trigger puts a message there about an event that failed in every try.
resource poisonQueue 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: account::queues::poison
  name: guid(account::queues::poison.id, identityPrincipalId, storageQueueDataContributor)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageQueueDataContributor)
    principalId: identityPrincipalId
    principalType: 'ServicePrincipal'
  }
}

// Whoever deploys puts requests …
resource putRequests 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(principalId)) {
  scope: account::blobs::requests
  name: guid(account::blobs::requests.id, principalId, storageBlobDataContributor)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataContributor)
    principalId: principalId
  }
}

// … and fetches results.
resource readResults 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for (container, i) in resultContainers: if (!empty(principalId)) {
  scope: account::blobs::results[i]
  name: guid(account.id, container, principalId, storageBlobDataReader)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataReader)
    principalId: principalId
  }
}]

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
  name: topicName
  location: location
  tags: tags
  properties: {
    source: account.id
    topicType: 'Microsoft.Storage.StorageAccounts'
  }
}

output name string = account.name
output topicName string = topic.name
