// Signs in as a user of the Go SDK would, and reports each step's result or error: one JSON object on standard output,
// of the shape that ../pyodps/login.py writes.
//
// From the environment: ENDPOINT, ACCESS_ID, ACCESS_KEY, PROJECT; REGION to sign in version 4.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/aliyun/aliyun-odps-go-sdk/odps"
	"github.com/aliyun/aliyun-odps-go-sdk/odps/account"
	"github.com/aliyun/aliyun-odps-go-sdk/odps/restclient"
)

type object map[string]interface{}

func main() {
	endpoint, project := os.Getenv("ENDPOINT"), os.Getenv("PROJECT")
	var client *odps.Odps
	steps := object{}
	step := func(name string, call func() (interface{}, error)) {
		result, err := call()
		if err != nil {
			steps[name] = object{"error": describe(err)}
		} else {
			steps[name] = object{"result": result}
		}
	}

	step("constructor", func() (interface{}, error) {
		var region []string
		if os.Getenv("REGION") != "" {
			region = append(region, os.Getenv("REGION"))
		}
		key := account.NewAliyunAccount(os.Getenv("ACCESS_ID"), os.Getenv("ACCESS_KEY"), region...)
		client = open(key, endpoint, project)
		return object{"project": client.DefaultProjectName(), "region": key.RegionId()}, nil
	})
	step("exist_project", func() (interface{}, error) { return exists(client, project) })
	step("exist_missing_project", func() (interface{}, error) { return exists(client, project+"_missing") })
	step("reload", func() (interface{}, error) {
		found := client.Project(project)
		err := found.Load()
		created := found.CreationTime().UTC().Format(time.RFC3339)
		return object{"name": found.Name(), "owner": found.Owner(), "creation_time": created}, err
	})
	step("list_projects", func() (interface{}, error) {
		names := []string{}
		list, err := client.Projects().List()
		for _, found := range list {
			names = append(names, found.Name())
		}
		return names, err
	})
	step("whoami", func() (interface{}, error) {
		manager := client.Project(project).SecurityManager()
		return manager.RunQuery("whoami", true, "")
	})
	step("list_tables", func() (interface{}, error) {
		names := []string{}
		var failed error
		client.Tables().List(func(table *odps.Table, err error) {
			if err != nil {
				failed = err
			} else {
				names = append(names, table.Name())
			}
		})
		return names, failed
	})
	var token string
	step("generate_auth_token", func() (interface{}, error) {
		manager := client.Project(project).SecurityManager()
		policy := `{"expires_in_hours":1,"policy":{"Version":"1","Statement":[{"Action":["odps:Read"],` +
			`"Effect":"Allow","Resource":"acs:odps:*:projects/` + project + `"}]}}`
		var err error
		token, err = manager.GenerateAuthorizationToken(policy)
		return token, err
	})
	if token != "" {
		// The token signs nothing: a second client sends it in the place of a signature.
		step("bearer_exist_project", func() (interface{}, error) {
			return exists(open(account.NewBearerTokenAccount(token), endpoint, project), project)
		})
	}

	if err := json.NewEncoder(os.Stdout).Encode(object{"steps": steps}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func open(as account.Account, endpoint, project string) *odps.Odps {
	client := odps.NewOdps(as, endpoint)
	client.SetDefaultProjectName(project)
	return client
}

// The SDK's own Exists gives an error for a project that is not there, with this code.
func exists(client *odps.Odps, project string) (interface{}, error) {
	found, err := client.Projects().Exists(project)
	var refused restclient.HttpError
	if errors.As(err, &refused) && refused.StatusCode == 404 &&
		refused.ErrorMessage != nil && refused.ErrorMessage.ErrorCode == "NoSuchObject" {
		return false, nil
	}
	return found, err
}

// What a program can see of an error: for an answer of the server its code, text and status.
func describe(err error) object {
	var refused restclient.HttpError
	if !errors.As(err, &refused) || refused.ErrorMessage == nil {
		return object{"class": fmt.Sprintf("%T", err), "message": err.Error()}
	}
	return object{
		"class":      fmt.Sprintf("%T", refused),
		"code":       refused.ErrorMessage.ErrorCode,
		"message":    refused.ErrorMessage.Message,
		"status":     refused.StatusCode,
		"request_id": refused.RequestId,
	}
}
