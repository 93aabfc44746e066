@minLength(3)
@maxLength(24)
@description('Name of the account that holds the source data. The app reads it and writes nothing.')
param name string

@description('Name of the Event Grid topic of its blobs.')
param topicName string

@description('Region.')
param location string

@description('Tags of all resources.')
param tags object

@minLength(3)
@maxLength(63)
@description('Container of the source data.')
param dataContainer string

@description('Object id of the app\'s identity.')
param identityPrincipalId string

@description('Object id of who may put data; empty: nobody.')
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

    resource data 'containers' = {
      name: dataContainer
      properties: { publicAccess: 'None' }
    }

    // Stays empty. GET /api/health asks for fanfold/health; where the container is missing, an identity with roles on containers only is denied instead of told so.
    resource health 'containers' = {
      name: 'fanfold'
      properties: { publicAccess: 'None' }
    }
  }

  resource queues 'queueServices' = {
    name: 'default'

    resource poison 'queues' = {
      name: 'webjobs-blobtrigger-poison'
    }
  }
}

// Plans list the container and read footers; workers read ranges; StartBySuccessEvent reads _run.json.
resource readData 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: account::blobs::data
  name: guid(account::blobs::data.id, identityPrincipalId, storageBlobDataReader)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataReader)
    principalId: identityPrincipalId
    principalType: 'ServicePrincipal'
  }
}

// GET /api/health.
resource readHealth 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: account::blobs::health
  name: guid(account::blobs::health.id, identityPrincipalId, storageBlobDataReader)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataReader)
    principalId: identityPrincipalId
    principalType: 'ServicePrincipal'
  }
}

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

// Whoever deploys uploads data as themselves; there are no keys.
resource putData 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(principalId)) {
  scope: account::blobs::data
  name: guid(account::blobs::data.id, principalId, storageBlobDataContributor)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataContributor)
    principalId: principalId
  }
}

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
