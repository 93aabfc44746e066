// Event Grid subscriptions of the blob triggers. Deployed by scripts/postdeploy after the app, since the key in their address exists only when the app has started once. The key stays in Azure.

@description('Name of the function app.')
param functionAppName string

@description('Name of the topic of the state account.')
param stateTopicName string

@description('Name of the topic of the data account.')
param dataTopicName string

@description('Container whose folders may be run when their _SUCCESS lands.')
param dataContainer string

resource app 'Microsoft.Web/sites@2025-03-01' existing = {
  name: functionAppName
}

resource stateTopic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = {
  name: stateTopicName
}

resource dataTopic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = {
  name: dataTopicName
}

var key = listKeys('${app.id}/host/default', '2025-03-01').systemKeys.blobs_extension
var webhook = 'https://${app.properties.defaultHostName}/runtime/webhooks/blobs'
var retries = { maxDeliveryAttempts: 30, eventTimeToLiveInMinutes: 1440 }

resource requests 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = {
  parent: stateTopic
  name: 'requests'
  properties: {
    eventDeliverySchema: 'EventGridSchema'
    retryPolicy: retries
    filter: {
      includedEventTypes: ['Microsoft.Storage.BlobCreated']
      isSubjectCaseSensitive: true
      subjectBeginsWith: '/blobServices/default/containers/requests/blobs/'
      subjectEndsWith: '.run.json'
    }
    destination: {
      endpointType: 'WebHook'
      properties: { endpointUrl: '${webhook}?functionName=Host.Functions.StartByRequestEvent&code=${key}' }
    }
  }
}

resource successes 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = {
  parent: dataTopic
  name: 'successes'
  properties: {
    eventDeliverySchema: 'EventGridSchema'
    retryPolicy: retries
    filter: {
      includedEventTypes: ['Microsoft.Storage.BlobCreated']
      isSubjectCaseSensitive: true
      subjectBeginsWith: '/blobServices/default/containers/${dataContainer}/blobs/'
      subjectEndsWith: '/_SUCCESS'
    }
    destination: {
      endpointType: 'WebHook'
      properties: { endpointUrl: '${webhook}?functionName=Host.Functions.StartBySuccessEvent&code=${key}' }
    }
  }
}
