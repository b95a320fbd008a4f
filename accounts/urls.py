from django.urls import path

from accounts import views

urlpatterns = [
    path("auth/register", views.RegisterView.as_view()),
    path("auth/login", views.LoginView.as_view()),
    path("auth/logout", views.LogoutView.as_view()),
    path("auth/check-auth", views.CheckAuthView.as_view()),
    path("auth/forgot-password", views.ForgotPasswordView.as_view()),
    path("auth/reset-password", views.ResetPasswordView.as_view()),
    path("user/profile", views.ProfileView.as_view()),
    path("user/change-password", views.PasswordView.as_view()),
    path("user/account", views.AccountView.as_view()),
]
