# Subscribes the blob triggers to Event Grid. azd runs it after a deployment, with the outputs of infra/main.bicep as its environment; it may run again at any time.
$ErrorActionPreference = 'Stop'
foreach ($name in 'AZURE_RESOURCE_GROUP', 'FANFOLD_FUNCTION_APP', 'FANFOLD_STATE_TOPIC', 'FANFOLD_DATA_TOPIC', 'FANFOLD_DATA_CONTAINER') {
    if (-not [Environment]::GetEnvironmentVariable($name)) { throw "$name is not set: run it by azd, or set what infra/main.bicep puts out." }
}
if (-not (Get-Command az -ErrorAction SilentlyContinue)) { throw 'The Azure CLI (az) is needed to subscribe the blob triggers.' }

for ($tries = 9; ; $tries--) {
    az deployment group create --only-show-errors --output none `
        --name fanfold-events --resource-group $env:AZURE_RESOURCE_GROUP --template-file "$PSScriptRoot/../infra/events.bicep" `
        --parameters functionAppName=$env:FANFOLD_FUNCTION_APP stateTopicName=$env:FANFOLD_STATE_TOPIC dataTopicName=$env:FANFOLD_DATA_TOPIC dataContainer=$env:FANFOLD_DATA_CONTAINER
    if ($LASTEXITCODE -eq 0) { break }
    if ($tries -eq 0) { throw 'The blob triggers are not subscribed; runs start over HTTP only. Run scripts/postdeploy.ps1 again when the app answers.' }
    # The key of the blob extension is made, and the address answers, when the app has started.
    Write-Output "The app is not ready for subscriptions yet; $tries tries left."
    Start-Sleep -Seconds 30
}
Write-Output 'The blob triggers are subscribed.'
