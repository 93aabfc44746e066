targetScope = 'subscription'

@minLength(1)
@maxLength(64)
@description('Name of the environment; the names of all resources are derived from it.')
param environmentName string

@minLength(1)
@description('Region of all resources. It must offer the Flex Consumption plan.')
@metadata({ azd: { type: 'location' } })
param location string

@description('Object id of the person or workflow that deploys. It may put data and requests and read results; empty: nobody but the app may.')
param principalId string = ''

@description('Memory of an instance, in MB. It holds the Functions host, the app and one worker, so it bounds limits.memory of a spec; docs/azure.md has the figures.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@minValue(40)
@maxValue(1000)
@description('The most instances the app scales to. Each runs one task at a time.')
param maximumInstanceCount int = 40

@minValue(0)
@maxValue(100)
@description('Instances of the group durable (orchestrators and activities) that are kept warm, and paid for, all the time.')
param alwaysReadyDurable int = 0

@minValue(1)
@maxValue(1000)
@description('Tasks that a run does at once where its spec does not say. Four instances fewer than there may be: HTTP, blob events and the short activities of a run need some, too.')
param parallel int = maximumInstanceCount - 4

@minLength(3)
@maxLength(63)
@description('Container of the data account that holds the source data. Folders in it that carry a _run.json are run when their _SUCCESS lands.')
param dataContainer string = 'lake'

@minLength(1)
@description('Containers of the state account that results may be put into: the first name of output.path in a spec.')
param resultContainers string[] = ['results']

@minValue(0)
@maxValue(3650)
@description('Days after which the state of runs (plans, receipts, parts) is deleted; 0 keeps it. Results and manifests stay in any case. A run that is older can\'t be redriven.')
param runStateDays int = 90

@minLength(3)
@maxLength(45)
@description('Name of the Durable task hub: letters and digits, a letter first. The runs of another hub are not seen.')
param taskHubName string = 'Fanfold'

@description('What Durable keeps its state in. azureManaged is the Durable Task Scheduler; the app must then be published with the environment variable DURABLE_BACKEND=azureManaged, which adds its package and takes host.scheduler.json as host.json. Runs do not move from one to the other.')
@allowed(['azureStorage', 'azureManaged'])
param durableBackend string = 'azureStorage'

var abbrs = loadJsonContent('abbreviations.json')
var resourceToken = toLower(uniqueString(subscription().id, environmentName, location))
var tags = { 'azd-env-name': environmentName }

resource group 'Microsoft.Resources/resourceGroups@2024-11-01' = {
  name: '${abbrs.resourcesResourceGroups}${environmentName}'
  location: location
  tags: tags
}

module identity 'app/identity.bicep' = {
  name: 'identity'
  scope: group
  params: {
    name: '${abbrs.managedIdentityUserAssignedIdentities}${resourceToken}'
    location: location
    tags: tags
  }
}

module monitoring 'app/monitoring.bicep' = {
  name: 'monitoring'
  scope: group
  params: {
    workspaceName: '${abbrs.operationalInsightsWorkspaces}${resourceToken}'
    insightsName: '${abbrs.insightsComponents}${resourceToken}'
    location: location
    tags: tags
    identityPrincipalId: identity.outputs.principalId
  }
}

module hostStorage 'app/storage-host.bicep' = {
  name: 'storage-host'
  scope: group
  params: {
    name: '${abbrs.storageStorageAccounts}${resourceToken}host'
    location: location
    tags: tags
    identityPrincipalId: identity.outputs.principalId
  }
}

module dataStorage 'app/storage-data.bicep' = {
  name: 'storage-data'
  scope: group
  params: {
    name: '${abbrs.storageStorageAccounts}${resourceToken}data'
    topicName: '${abbrs.eventGridSystemTopics}data-${resourceToken}'
    location: location
    tags: tags
    dataContainer: dataContainer
    identityPrincipalId: identity.outputs.principalId
    principalId: principalId
  }
}

module stateStorage 'app/storage-state.bicep' = {
  name: 'storage-state'
  scope: group
  params: {
    name: '${abbrs.storageStorageAccounts}${resourceToken}state'
    topicName: '${abbrs.eventGridSystemTopics}state-${resourceToken}'
    location: location
    tags: tags
    resultContainers: resultContainers
    runStateDays: runStateDays
    identityPrincipalId: identity.outputs.principalId
    principalId: principalId
  }
}

module scheduler 'app/scheduler.bicep' = if (durableBackend == 'azureManaged') {
  name: 'scheduler'
  scope: group
  params: {
    name: '${abbrs.durableTaskSchedulers}${resourceToken}'
    taskHubName: taskHubName
    location: location
    tags: tags
    identityPrincipalId: identity.outputs.principalId
  }
}

module functions 'app/functions.bicep' = {
  name: 'functions'
  scope: group
  params: {
    planName: '${abbrs.webServerFarms}${resourceToken}'
    name: '${abbrs.webSitesFunctions}${resourceToken}'
    location: location
    tags: tags
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    insightsName: monitoring.outputs.insightsName
    hostStorageName: hostStorage.outputs.name
    deploymentContainer: hostStorage.outputs.deploymentContainer
    dataStorageName: dataStorage.outputs.name
    stateStorageName: stateStorage.outputs.name
    dataContainer: dataContainer
    taskHubName: taskHubName
    schedulerEndpoint: scheduler.?outputs.endpoint ?? ''
    parallel: parallel
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    alwaysReadyDurable: alwaysReadyDurable
  }
}

// Read by azd and by scripts/postdeploy.
output AZURE_LOCATION string = location
output AZURE_RESOURCE_GROUP string = group.name
output FANFOLD_FUNCTION_APP string = functions.outputs.name
output FANFOLD_URL string = functions.outputs.url
output FANFOLD_DATA_CONTAINER string = dataContainer
output FANFOLD_DATA_STORAGE string = dataStorage.outputs.name
output FANFOLD_DATA_TOPIC string = dataStorage.outputs.topicName
output FANFOLD_STATE_STORAGE string = stateStorage.outputs.name
output FANFOLD_STATE_TOPIC string = stateStorage.outputs.topicName
