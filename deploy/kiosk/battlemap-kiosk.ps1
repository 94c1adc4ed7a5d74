# Keep the wall on a screen, on Windows: battlemap-kiosk.ps1 ADDRESS [-Browser PATH]
# Waits for the console, opens Edge or Chrome on the whole screen, and opens it again when it ends. Not Edge's own kiosk mode (--kiosk --edge-kiosk-type): its windows are InPrivate
# and forget at each start that the screen was connected.
param(
    [Parameter(Mandatory = $true)][uri]$Address,
    [string]$Browser = ""
)
$known = @(
    "${env:ProgramFiles(x86)}\Microsoft\Edge\Application\msedge.exe",
    "$env:ProgramFiles\Microsoft\Edge\Application\msedge.exe",
    "$env:ProgramFiles\Google\Chrome\Application\chrome.exe",
    "${env:ProgramFiles(x86)}\Google\Chrome\Application\chrome.exe"
)
if (-not $Browser) { $Browser = $known | Where-Object { Test-Path $_ } | Select-Object -First 1 }
if (-not $Browser) { throw "No Edge and no Chrome was found. Name the browser with -Browser." }
$flags = @(
    "--app=$Address", "--start-fullscreen", "--user-data-dir=`"$env:LOCALAPPDATA\battlemap-kiosk`"",
    "--no-first-run", "--no-default-browser-check", "--noerrdialogs", "--hide-crash-restore-bubble", "--disable-session-crashed-bubble",
    "--disable-features=Translate", "--disable-pinch", "--overscroll-history-navigation=0",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-background-networking", "--disable-component-update", "--disable-sync"
)
$health = $Address.GetLeftPart([System.UriPartial]::Authority) + "/healthz"
while ($true) {
    while ($true) {
        try { Invoke-WebRequest -UseBasicParsing -TimeoutSec 5 -Uri $health | Out-Null; break } catch { Start-Sleep -Seconds 2 }
    }
    Start-Process -FilePath $Browser -ArgumentList $flags -Wait
    Start-Sleep -Seconds 2
}
