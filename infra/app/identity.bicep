@description('Name of the identity.')
param name string

@description('Region.')
param location string

@description('Tags of all resources.')
param tags object

// Of a user, not of the system: its roles are there before the app first starts.
resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
  tags: tags
}

output id string = identity.id
output clientId string = identity.properties.clientId
output principalId string = identity.properties.principalId
