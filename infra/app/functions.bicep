@description('Name of the plan.')
param planName string

@description('Name of the function app.')
param name string

@description('Region.')
param location string

@description('Tags of all resources.')
param tags object

@description('Resource id of the identity that the app has.')
param identityId string

@description('Client id of that identity.')
param identityClientId string

@description('Name of the Application Insights component.')
param insightsName string

@description('Account of the Functions host.')
param hostStorageName string

@description('Its container for the published app.')
param deploymentContainer string

@description('Account of the source data.')
param dataStorageName string

@description('Account of the runs\' state, requests and results.')
param stateStorageName string

@description('Container whose folders may be run when their _SUCCESS lands.')
param dataContainer string

@description('Name of the Durable task hub.')
param taskHubName string

@description('Address of the Durable Task Scheduler; empty where Durable uses the host\'s account.')
param schedulerEndpoint string

@description('Tasks that a run does at once where its spec does not say.')
param parallel int

@allowed([512, 2048, 4096])
@description('Memory of an instance, in MB.')
param instanceMemoryMB int

@description('The most instances.')
param maximumInstanceCount int

@description('Instances of the group durable that are kept warm.')
param alwaysReadyDurable int

// What host and app leave of an instance to a worker that runs alone.
var largestWorker = {
  '512': '128MiB'
  '2048': '1280MiB'
  '4096': '3072MiB'
}

var suffix = environment().suffixes.storage
var settings = {
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identityClientId
  AzureWebJobsStorage__blobServiceUri: 'https://${hostStorageName}.blob.${suffix}'
  AzureWebJobsStorage__queueServiceUri: 'https://${hostStorageName}.queue.${suffix}'
  AzureWebJobsStorage__tableServiceUri: 'https://${hostStorageName}.table.${suffix}'
  // The queues are for events that failed in every try.
  DataStorage__credential: 'managedidentity'
  DataStorage__clientId: identityClientId
  DataStorage__blobServiceUri: 'https://${dataStorageName}.blob.${suffix}'
  DataStorage__queueServiceUri: 'https://${dataStorageName}.queue.${suffix}'
  StateStorage__credential: 'managedidentity'
  StateStorage__clientId: identityClientId
  StateStorage__blobServiceUri: 'https://${stateStorageName}.blob.${suffix}'
  StateStorage__queueServiceUri: 'https://${stateStorageName}.queue.${suffix}'
  DataContainer: dataContainer
  TASKHUB_NAME: taskHubName
  Fanfold__Parallel: string(parallel)
  Fanfold__MaxMemory: largestWorker[string(instanceMemoryMB)]
  // Flex Consumption has no triggers that poll; StartByRequestEvent and StartBySuccessEvent get Event Grid's events.
  'AzureWebJobs.StartByRequest.Disabled': 'true'
  'AzureWebJobs.StartBySuccess.Disabled': 'true'
  // The page of all runs is at the root.
  AzureWebJobsDisableHomepage: 'true'
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true }
}

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': 'app' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    siteConfig: { minTlsVersion: '1.2' }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${settings.AzureWebJobsStorage__blobServiceUri}/${deploymentContainer}'
          authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: identityId }
        }
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
        alwaysReady: alwaysReadyDurable > 0 ? [{ name: 'durable', instanceCount: alwaysReadyDurable }] : []
      }
      runtime: { name: 'dotnet-isolated', version: '10.0' }
    }
  }

  // Publishing passwords are keys, too.
  resource scmPasswords 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }

  resource ftpPasswords 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }

  resource appSettings 'config' = {
    name: 'appsettings'
    properties: union(
      settings,
      { APPLICATIONINSIGHTS_CONNECTION_STRING: insights.properties.ConnectionString },
      empty(schedulerEndpoint)
        ? {}
        : { DURABLE_TASK_SCHEDULER_CONNECTION_STRING: 'Endpoint=${schedulerEndpoint};Authentication=ManagedIdentity;ClientID=${identityClientId}' }
    )
  }
}

output name string = app.name
output url string = 'https://${app.properties.defaultHostName}'
